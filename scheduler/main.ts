/** The scheduler process: shards, the engine, rescue of lost attempts, and the DAG processor. */
import { hostname } from 'node:os';
import { timeoutEnd } from '#core/waiting/waiter.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { type Clock, newId } from '#platform/clock.ts';
import { agreedSettings } from '#platform/config/agreed-settings.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import type { HeldShard } from '#platform/db/queries/hold-shards.ts';
import { saveService } from '#platform/db/queries/save-service.ts';
import { findTimedOutWaiters } from '#platform/db/queries/waiting/find-timed-out-waiters.ts';
import type { Logger } from '#platform/logger.ts';
import { probe } from '#platform/probes/probe.ts';
import { keepRows } from '#platform/retention/keep-rows.ts';
import { Keeper } from '#platform/retention/keeper.ts';
import { Loop, type Service } from '#platform/service/service.ts';
import { WINDLASS_VERSION } from '#platform/version.ts';
import { endWaits } from '#platform/waiting/end-waits.ts';
import { openXcomBackend } from '#platform/xcom/backend.ts';
import { collectXcoms } from '#platform/xcom/collect.ts';
import { DagProcessor } from './dag-processor/manager.ts';
import { PluginHost } from './dag-processor/plugin-host.ts';
import { AssetRuns } from './engine/asset-runs.ts';
import { advanceBackfills } from './engine/backfills.ts';
import { watchDeadlines } from './engine/deadlines.ts';
import type { EngineDeps } from './engine/deps.ts';
import { Engine } from './engine/engine.ts';
import { Inbox } from './engine/inbox.ts';
import { OpenWorkLook } from './engine/open-work.ts';
import { sweep } from './engine/sweep.ts';
import { rescueLostAttempts } from './rescue-lost-attempts.ts';
import { RunSummaries } from './run-summaries.ts';
import { ShardKeeper } from './shard-keeper.ts';

export interface SchedulerDeps {
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Scheduler {
  readonly schedulerId: string;
  stop(): Promise<void>;
}

/** At most; more often where what was queued is to be rung again sooner. */
const SWEEP_MS = 5_000;
const RESCUE_MS = 1_000;
const BACKFILLS_MS = 1_000;
const COLLECT_MS = 600_000;
/** What is younger may belong to an attempt that has not written its end yet. */
const COLLECT_OLDER_THAN_MS = 3_600_000;
const WAITS_MS = 5_000;
/** Runs that ended since are counted by their instances in lists. */
const SUMMARIES_MS = 10_000;
/** A triggerer ends its own waits on the moment. */
const WAITS_GRACE_MS = 2_000;
/** Beside the doorbell, and for DAGs whose events wait until a run of theirs ends. */
const ASSETS_MS = 1_000;

export async function startScheduler(deps: SchedulerDeps): Promise<Scheduler> {
  const { config, db, broker, clock, logger } = deps;
  const schedulerId = `${hostname()}:${process.pid}:${newId().slice(-6)}`;
  const plugins = new PluginHost(deps);
  const engineDeps: EngineDeps = { ...deps, schedulerId, timetables: plugins };
  let pending: HeldShard[] = [];
  const sweepMs = Math.min(SWEEP_MS, config.reringAfterMs / 2);
  let sweptAtMs = Number.NEGATIVE_INFINITY;

  const inbox = new Inbox(() => engineLoop.wake());
  const engine = new Engine(engineDeps, inbox);
  const engineLoop = new Loop({
    name: 'engine',
    clock,
    logger,
    intervalMs: 1_000,
    runOnce: async () => {
      if (pending.length > 0) {
        await engine.gain(pending.splice(0));
        probe('leadership.loaded');
      }
      if (inbox.brokerWasAway || clock.monotonic() - sweptAtMs > sweepMs) {
        sweptAtMs = clock.monotonic();
        await sweep(engineDeps, engine, inbox);
      }
      return engine.runOnce();
    },
  });
  const keeper = new ShardKeeper({
    schedulerId,
    db: db.reserved,
    ttlMs: config.shardLeaseTtlMs,
    serviceHeartbeatMs: config.serviceHeartbeatMs,
    gained: (shards) => {
      pending.push(...shards);
      engineLoop.wake();
    },
    lost: (shard) => {
      // Not to be gained later with an epoch that is over.
      pending = pending.filter((held) => held.shard !== shard);
      engine.lose(shard);
    },
    databaseTime: (ms) => engine.time.hear(ms),
  });
  const heartbeat = (stopped: boolean) =>
    saveService(db.reserved, {
      serviceId: schedulerId,
      kind: 'scheduler',
      hostname: hostname(),
      pid: process.pid,
      version: WINDLASS_VERSION,
      stopped,
      info: {
        settings: agreedSettings(config),
        shards: engine.shards.length,
        runs: engine.memory.runs.size,
        dags: engine.memory.dags.size,
      },
    });

  const rescue = async () => {
    // A lease begins when its instance was queued already: nothing of a queue that is younger than a lease can be lost.
    const before = engine.nowMs() - config.leaseTtlMs;
    const ids = engine.memory.inFlight().flatMap(({ instance }) => ((instance.queuedAtMs ?? 0) <= before ? [instance.id] : []));
    if (ids.length === 0) return undefined;
    const rescued = await rescueLostAttempts(db, {
      shards: engine.shards,
      ids,
      graceMs: config.leaseGraceMs,
      owner: schedulerId,
      maxRetryDelayMs: config.maxRetryDelayMs,
    });
    for (const lost of rescued)
      logger.warn(
        { event: 'attempt.lost', dag_id: lost.dagId, run_id: lost.runId, task_instance_id: lost.id, to: lost.to },
        `an attempt was lost with its worker; now ${lost.to}`,
      );
    if (rescued.length > 0) {
      if (rescued.some((lost) => lost.hasCallbacks)) broker.ring('callbacks_requested', {});
      inbox.ended(rescued.map((lost) => lost.id));
      engineLoop.wake();
      broker.ring('ui_events', { topics: rescued.map((lost) => `run:${lost.dagId}/${lost.runId}`) });
    }
    return undefined;
  };
  const waits = async () => {
    const late = await findTimedOutWaiters(db, engine.shards, WAITS_GRACE_MS);
    const ended = await endWaits(
      db,
      `scheduler:${schedulerId}`,
      late.map((wait) => ({ ...wait, softFail: wait.ends.softFail, end: timeoutEnd(wait.ends, wait.words) })),
      config.maxRetryDelayMs,
    );
    if (ended.length === 0) return undefined;
    inbox.ended(ended.map((one) => one.taskInstanceId));
    engineLoop.wake();
    broker.ring('ui_events', { topics: [...new Set(ended.map((one) => `run:${one.dagId}/${one.runId}`))] });
    return 0;
  };
  const openWork = new OpenWorkLook(db, clock);
  const backfills = async () => {
    if (!(await openWork.has('backfills'))) return undefined;
    const changed = await advanceBackfills(engineDeps, engine.shards);
    if (changed.length === 0) return undefined;
    for (const dagId of changed) inbox.reloadRuns(dagId);
    engineLoop.wake();
    broker.ring('ui_events', { topics: ['dags', ...changed.map((dagId) => `dag:${dagId}`)] });
    return 0;
  };
  const deadlines = async () => ((await openWork.has('deadlines')) ? watchDeadlines(engineDeps, engine.shards) : undefined);
  const assetRuns = new AssetRuns(engineDeps);
  const assetLoop = new Loop({
    name: 'assets',
    clock,
    logger,
    intervalMs: ASSETS_MS,
    runOnce: async () => {
      if (!(await openWork.has('assetEvents'))) return undefined;
      const changed = await assetRuns.runOnce(engine.shards, engine.nowMs());
      if (changed.length === 0) return undefined;
      for (const dagId of changed) inbox.reloadRuns(dagId);
      engineLoop.wake();
      broker.ring('ui_events', { topics: ['dags', 'assets', ...changed.map((dagId) => `dag:${dagId}`)] });
      return 0;
    },
  });
  const backend = openXcomBackend(config);
  const collect = async () => {
    const removed = backend === null ? 0 : await collectXcoms(db, backend, COLLECT_OLDER_THAN_MS);
    if (removed > 0) logger.info({ event: 'xcoms.collected', removed }, 'values that no XCom refers to were removed from the backend');
    return undefined;
  };
  const summaries = new RunSummaries(db, clock);
  const loops: readonly Service[] = [
    ...(backend === null ? [] : [new Loop({ name: 'xcoms', clock, logger, intervalMs: COLLECT_MS, runOnce: collect })]),
    new Loop({
      name: 'heartbeat',
      clock,
      logger,
      intervalMs: config.serviceHeartbeatMs,
      runOnce: async () => void (await heartbeat(false)),
    }),
    new Loop({
      name: 'shards',
      clock,
      logger,
      intervalMs: Math.floor(config.shardLeaseTtlMs / 3),
      runOnce: async () => void (await keeper.runOnce()),
    }),
    engineLoop,
    new Loop({ name: 'rescue', clock, logger, intervalMs: RESCUE_MS, runOnce: rescue }),
    new Loop({ name: 'waits', clock, logger, intervalMs: WAITS_MS, runOnce: waits }),
    new Loop({ name: 'deadlines', clock, logger, intervalMs: 1_000, runOnce: deadlines }),
    assetLoop,
    new Loop({ name: 'backfills', clock, logger, intervalMs: BACKFILLS_MS, runOnce: backfills }),
    new Loop({ name: 'summaries', clock, logger, intervalMs: SUMMARIES_MS, runOnce: () => summaries.runOnce() }),
    new Keeper('retention', keepRows, deps),
    new DagProcessor({ ...deps, strategies: plugins, isAsked: () => openWork.has('parseRequests') }),
  ];
  await heartbeat(false);
  await inbox.start(broker);
  const deafen = await broker.listen('asset_events_queued', () => {
    openWork.forget();
    assetLoop.wake();
  });
  await plugins.start();
  for (const loop of loops) await loop.start();
  logger.info({ event: 'scheduler.started', scheduler_id: schedulerId }, 'scheduler started');

  return {
    schedulerId,
    async stop() {
      await inbox.stop();
      await deafen();
      for (const loop of [...loops].reverse()) await loop.stop();
      await plugins.stop();
      await keeper.release().catch(() => {});
      await heartbeat(true).catch(() => {});
      logger.info({ event: 'scheduler.stopped' }, 'scheduler stopped');
    },
  };
}
