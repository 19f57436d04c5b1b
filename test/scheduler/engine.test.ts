/**
 * Goal: the engine takes runs through their states in Postgres, with the history beside them. Method: real
 * Postgres and a real broker (BullMQ on Postgres); the test plays the worker through the worker's own statements.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DagSpec } from '#core/dag-spec.ts';
import { shardOf } from '#core/sharding.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { openPostgresBroker } from '#platform/broker/postgres-broker.ts';
import { newId, systemClock } from '#platform/clock.ts';
import { claimTaskInstances } from '#platform/db/queries/claim-task-instances.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { type Finish, finishAttempts } from '#platform/db/queries/finish-attempts.ts';
import { holdShards } from '#platform/db/queries/hold-shards.ts';
import { rescueExpiredLeases } from '#platform/db/queries/rescue-expired-leases.ts';
import { quietLogger } from '#platform/logger.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';
import type { EngineDeps } from '../../scheduler/engine/deps.ts';
import { Engine } from '../../scheduler/engine/engine.ts';
import { Inbox } from '../../scheduler/engine/inbox.ts';
import { sweep } from '../../scheduler/engine/sweep.ts';

let database: TestDatabase;
let broker: Broker;
const logger = quietLogger();

beforeAll(async () => {
  database = await createDatabase();
  broker = await openPostgresBroker({ url: database.url, prefix: 'engine_test', clock: systemClock, logger });
});
afterAll(async () => {
  await broker.close();
  await database.drop();
});

async function sql<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.db.pool.query(text, values)).rows as Row[];
}

async function saveDag(spec: DagSpec): Promise<void> {
  const versionId = newId();
  await sql(`insert into dag_bundle (hash, code) values ('none', '') on conflict do nothing`);
  await sql(`insert into dag (dag_id, file_path, is_paused, shard) values ($1, 'test.ts', false, $2)`, [spec.dagId, shardOf(spec.dagId)]);
  await sql(
    `insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path) values ($1, $2, 1, $2, 'none', $3, '', 'test.ts')`,
    [versionId, spec.dagId, JSON.stringify(spec)],
  );
  await sql('update dag set version_id = $2 where dag_id = $1', [spec.dagId, versionId]);
}

async function trigger(dagId: string, conf: Record<string, unknown> = {}): Promise<string> {
  const dagRunId = newId();
  await createDagRuns(database.db, [
    {
      dagRunId,
      dagId,
      runId: `manual__${dagRunId}`,
      runType: 'manual',
      logicalDate: null,
      dataIntervalStart: null,
      dataIntervalEnd: null,
      runAfter: new Date(systemClock.now() - 1_000),
      conf,
      triggeredBy: 'test',
      triggeringUser: null,
      note: null,
    },
  ]);
  return dagRunId;
}

interface Row {
  readonly task_instance_id: string;
  readonly task_id: string;
  readonly map_index: number;
  readonly state: string;
  readonly try_number: number;
  readonly lease_epoch: number;
  readonly reason: string | null;
}

const instances = (dagRunId: string) =>
  sql<Row>('select * from task_instance where dag_run_id = $1 order by task_id, map_index', [dagRunId]);
const statesOf = async (dagRunId: string) =>
  Object.fromEntries(
    (await instances(dagRunId)).map((row) => [row.map_index < 0 ? row.task_id : `${row.task_id}[${row.map_index}]`, row.state]),
  );
const runState = async (dagRunId: string) =>
  (await sql<{ state: string }>('select state from dag_run where dag_run_id = $1', [dagRunId]))[0]?.state;

let engine: Engine;
let inbox: Inbox;
let deps: EngineDeps;
let schedulerId: string;

beforeEach(async () => {
  schedulerId = `test-${newId()}`;
  deps = {
    schedulerId,
    config: testConfig(),
    db: database.db,
    broker,
    clock: systemClock,
    logger,
    timetables: { nextRun: async () => null },
    notify: () => {},
  };
  inbox = new Inbox(() => {});
  engine = new Engine(deps, inbox);
  await sql(`update scheduler_shard set owner = null, expires_at = '-infinity'`);
  const held = await holdShards(database.db, { owner: schedulerId, ttlMs: 60_000, wantedMax: 16 });
  await engine.gain(held.shards);
});
afterEach(async () => {
  await sql('delete from dag_run');
  await sql('update dag set version_id = null');
  await sql('delete from dag_version');
  await sql('delete from dag');
  await sql('delete from pool_reservation');
});

/** Passes until nothing is due at once. */
async function settle(): Promise<void> {
  for (let pass = 0; pass < 20; pass++) if ((await engine.runOnce()) > 0) return;
  throw new Error('the engine does not come to rest');
}

async function claim(dagRunId: string, taskId: string, mapIndex = -1) {
  const row = (await instances(dagRunId)).find((one) => one.task_id === taskId && one.map_index === mapIndex) as Row;
  const claimed = await claimTaskInstances(database.db, {
    workerId: 'w',
    hostname: 'h',
    leaseTtlMs: 30_000,
    claims: [{ taskInstanceId: row.task_instance_id, tryNumber: row.try_number, leaseEpoch: row.lease_epoch, attemptId: newId() }],
  });
  return claimed[0];
}

async function finish(dagRunId: string, taskId: string, change: Partial<Finish> = {}, mapIndex = -1): Promise<void> {
  const claimed = await claim(dagRunId, taskId, mapIndex);
  if (!claimed) throw new Error(`${taskId} cannot be claimed`);
  await finishAttempts(database.db, {
    workerId: 'w',
    finishes: [
      {
        attemptId: claimed.attemptId,
        taskInstanceId: claimed.taskInstanceId,
        leaseEpoch: claimed.leaseEpoch,
        event: 'succeed',
        reason: null,
        error: null,
        followed: null,
        mapLengths: {},
        nextTryInMs: null,
        mapLabel: null,
        extraXcoms: [],
        ...change,
      },
    ],
  });
  inbox.ended([claimed.taskInstanceId]);
  await settle();
}

async function startRun(spec: DagSpec, conf: Record<string, unknown> = {}): Promise<string> {
  await saveDag(spec);
  const dagRunId = await trigger(spec.dagId, conf);
  inbox.reloadDag(spec.dagId);
  inbox.reloadRuns(spec.dagId);
  await settle();
  return dagRunId;
}

describe('the engine', () => {
  it('takes a chain from none to success, each state with its event', async () => {
    const run = await startRun(aDagSpec('chain', [aTask('a'), aTask('b', { upstream: ['a'] })]));
    expect(await statesOf(run)).toEqual({ a: 'queued', b: 'none' });
    await finish(run, 'a');
    expect(await statesOf(run)).toEqual({ a: 'success', b: 'queued' });
    await finish(run, 'b');
    expect(await runState(run)).toBe('success');
    const events = await sql<{ task_id: string; event: string; from_state: string; to_state: string }>(
      'select task_id, event, from_state, to_state from task_instance_event join task_instance using (task_instance_id) where dag_run_id = $1 order by event_id',
      [run],
    );
    expect(events.filter((event) => event.task_id === 'a').map((event) => `${event.event} ${event.from_state}>${event.to_state}`)).toEqual([
      'schedule none>scheduled',
      'enqueue scheduled>queued',
      'start queued>running',
      'succeed running>success',
    ]);
  });

  it('fails what follows a failure, says why, and fails the run', async () => {
    const run = await startRun(
      aDagSpec('broken', [
        aTask('a'),
        aTask('b', { upstream: ['a'] }),
        aTask('c', { upstream: ['b'] }),
        aTask('clean', { upstream: ['b'], triggerRule: 'all_done' }),
      ]),
    );
    await finish(run, 'a', { event: 'fail', reason: 'boom' });
    expect(await statesOf(run)).toEqual({ a: 'failed', b: 'upstream_failed', c: 'upstream_failed', clean: 'queued' });
    expect((await instances(run)).find((row) => row.task_id === 'b')?.reason).toBe('upstream a failed (trigger rule all_success)');
    await finish(run, 'clean');
    expect(await runState(run)).toBe('failed');
  });

  it('skips the cases a branch did not choose and joins after the one it chose', async () => {
    const spec = aDagSpec('branching', [
      aTask('route', { kind: 'branch', branchCases: { big: ['bulk'], small: ['fast'] } }),
      aTask('bulk', { upstream: ['route'] }),
      aTask('fast', { upstream: ['route'] }),
      aTask('join', { upstream: ['bulk', 'fast'], triggerRule: 'none_failed_min_one_success' }),
    ]);
    const run = await startRun(spec);
    await finish(run, 'route', { followed: ['fast'] });
    expect(await statesOf(run)).toEqual({ route: 'success', bulk: 'skipped', fast: 'queued', join: 'none' });
    await finish(run, 'fast');
    expect(await statesOf(run)).toMatchObject({ join: 'queued' });
  });

  it('makes one instance per element of a mapped list, and waits for all of them', async () => {
    const spec = aDagSpec(
      'mapping',
      [
        aTask('list'),
        aTask('each', { mapScope: 'each', upstream: ['list'], reads: ['list'] }),
        aTask('sum', { upstream: ['each'], reads: ['each'] }),
      ],
      {
        mapScopes: [{ scopeId: 'each', over: { from: 'task', taskId: 'list', path: [] }, maxActive: null, tolerate: 0 }],
      },
    );
    const run = await startRun(spec);
    await finish(run, 'list', { valueJson: '["x","y","z"]', mapLengths: { each: 3 } });
    expect(await statesOf(run)).toEqual({ list: 'success', 'each[0]': 'queued', 'each[1]': 'queued', 'each[2]': 'queued', sum: 'none' });
    for (const index of [2, 0, 1]) await finish(run, 'each', {}, index);
    expect(await statesOf(run)).toMatchObject({ sum: 'queued' });
  });

  it('skips a mapped task whose list is empty', async () => {
    const spec = aDagSpec('mapping_nothing', [aTask('list'), aTask('each', { mapScope: 'each', upstream: ['list'] })], {
      mapScopes: [{ scopeId: 'each', over: { from: 'task', taskId: 'list', path: [] }, maxActive: null, tolerate: 0 }],
    });
    const run = await startRun(spec);
    await finish(run, 'list', { mapLengths: { each: 0 } });
    expect(await statesOf(run)).toEqual({ list: 'success', each: 'skipped' });
    expect(await runState(run)).toBe('success');
  });

  it('queues a second try when its time has come, not before', async () => {
    const run = await startRun(aDagSpec('retrying', [aTask('a', { retries: 1 })]));
    await finish(run, 'a', { event: 'retry', reason: 'boom', nextTryInMs: 3_600_000 });
    expect(await statesOf(run)).toEqual({ a: 'up_for_retry' });
    engine.clockOffsetMs = 3_700_000;
    await settle();
    expect((await instances(run))[0]).toMatchObject({ state: 'queued', try_number: 2 });
  });

  it('never queues more than a pool has slots, and says so', async () => {
    await sql(`insert into pool (name, slots) values ('tiny', 2) on conflict do nothing`);
    const run = await startRun(
      aDagSpec(
        'pooled',
        ['a', 'b', 'c', 'd'].map((id) => aTask(id, { pool: 'tiny' })),
      ),
    );
    const rows = await instances(run);
    expect(rows.filter((row) => row.state === 'queued')).toHaveLength(2);
    expect(rows.filter((row) => row.state === 'scheduled').map((row) => row.reason)).toEqual(
      Array(2).fill('pool tiny is full: all 2 slots are taken'),
    );
    await finish(run, rows.find((row) => row.state === 'queued')?.task_id as string);
    expect((await instances(run)).filter((row) => row.state === 'queued')).toHaveLength(2);
  });

  it('starts no more runs than maxActiveRuns, oldest first', async () => {
    const spec = aDagSpec('one_at_a_time', [aTask('a')], { maxActiveRuns: 1 });
    const first = await startRun(spec);
    const second = await trigger(spec.dagId);
    inbox.reloadRuns(spec.dagId);
    await settle();
    expect([await runState(first), await runState(second)]).toEqual(['running', 'queued']);
    await finish(first, 'a');
    expect([await runState(first), await runState(second)]).toEqual(['success', 'running']);
  });

  it('leaves the runs of a paused DAG queued', async () => {
    const spec = aDagSpec('paused', [aTask('a')]);
    await saveDag(spec);
    await sql(`update dag set is_paused = true where dag_id = 'paused'`);
    const run = await trigger('paused');
    inbox.reloadDag('paused');
    inbox.reloadRuns('paused');
    await settle();
    expect(await runState(run)).toBe('queued');
  });

  it('creates a run when its time has come, once, also when asked twice', async () => {
    await saveDag(aDagSpec('hourly', [aTask('a')], { schedule: { kind: 'delta', everyMs: 3_600_000 }, startDate: '2026-01-01T00:00:00Z' }));
    inbox.reloadDag('hourly');
    await settle();
    inbox.reloadDag('hourly');
    await settle();
    const runs = await sql<{ run_id: string; state: string }>(`select run_id, state from dag_run where dag_id = 'hourly'`);
    expect(runs).toHaveLength(1);
    expect(runs[0]?.run_id).toMatch(/^scheduled__20\d\d-.*:00:00\+00:00$/);
  });

  it('fails a run that takes longer than its dagrunTimeout, and takes the lease of what runs', async () => {
    const run = await startRun(aDagSpec('slow', [aTask('a'), aTask('b', { upstream: ['a'] })], { dagrunTimeoutMs: 60_000 }));
    const claimed = await claim(run, 'a');
    engine.clockOffsetMs = 61_000;
    await settle();
    expect(await statesOf(run)).toEqual({ a: 'skipped', b: 'skipped' });
    expect((await sql<{ reason: string }>('select reason from dag_run where dag_run_id = $1', [run]))[0]?.reason).toBe(
      'the run took longer than its dagrunTimeout of 1 min',
    );
    const accepted = await finishAttempts(database.db, {
      workerId: 'w',
      finishes: [
        {
          attemptId: claimed?.attemptId as string,
          taskInstanceId: claimed?.taskInstanceId as string,
          leaseEpoch: claimed?.leaseEpoch as number,
          event: 'succeed',
          reason: null,
          error: null,
          followed: null,
          mapLengths: {},
          nextTryInMs: null,
          mapLabel: null,
          extraXcoms: [],
        },
      ],
    });
    expect(accepted.size).toBe(0);
  });

  it('skips the rest and fails the run at the first failure of a DAG that fails fast', async () => {
    const run = await startRun(aDagSpec('hasty', [aTask('a'), aTask('b')], { failFast: true }));
    await finish(run, 'a', { event: 'fail', reason: 'boom' });
    expect(await statesOf(run)).toEqual({ a: 'failed', b: 'skipped' });
    expect(await runState(run)).toBe('failed');
  });

  it('pauses a DAG after maxConsecutiveFailedDagRuns failures', async () => {
    const spec = aDagSpec('hopeless', [aTask('a')], { maxConsecutiveFailedDagRuns: 2 });
    const first = await startRun(spec);
    await finish(first, 'a', { event: 'fail' });
    const second = await trigger(spec.dagId);
    inbox.reloadRuns(spec.dagId);
    await settle();
    await finish(second, 'a', { event: 'fail' });
    await until(async () => (await sql<{ is_paused: boolean }>(`select is_paused from dag where dag_id = 'hopeless'`))[0]?.is_paused, {
      what: 'the pause',
    });
  });

  it('lets a task wait for its own instance of the run before, and says so', async () => {
    const spec = aDagSpec('past', [aTask('a', { dependsOnPast: true })]);
    const first = await startRun(spec);
    const second = await trigger(spec.dagId);
    inbox.reloadRuns(spec.dagId);
    await settle();
    expect([await statesOf(first), await statesOf(second)]).toEqual([{ a: 'queued' }, { a: 'none' }]);
    expect((await instances(second))[0]?.reason).toMatch(/^waiting for a of the run before, manual__.*dependsOnPast/);
    await finish(first, 'a');
    expect(await statesOf(second)).toEqual({ a: 'queued' });
  });

  it('writes nothing once its shard belongs to another scheduler', async () => {
    const run = await startRun(aDagSpec('stolen', [aTask('a'), aTask('b', { upstream: ['a'] })]));
    await sql(`update scheduler_shard set expires_at = '-infinity'`);
    await holdShards(database.db, { owner: 'thief', ttlMs: 60_000, wantedMax: 16 });
    await finish(run, 'a').catch(() => {});
    expect(await statesOf(run)).toEqual({ a: 'success', b: 'none' });
  });

  it('finds in its sweep what no doorbell told', async () => {
    const run = await startRun(aDagSpec('unheard', [aTask('a'), aTask('b', { upstream: ['a'] })]));
    const claimed = await claim(run, 'a');
    await finishAttempts(database.db, {
      workerId: 'w',
      finishes: [
        {
          attemptId: claimed?.attemptId as string,
          taskInstanceId: claimed?.taskInstanceId as string,
          leaseEpoch: claimed?.leaseEpoch as number,
          event: 'succeed',
          reason: null,
          error: null,
          followed: null,
          mapLengths: {},
          nextTryInMs: null,
          mapLabel: null,
          extraXcoms: [],
        },
      ],
    });
    await settle();
    expect(await statesOf(run)).toMatchObject({ b: 'none' });
    await sweep(deps, engine, inbox);
    await settle();
    expect(await statesOf(run)).toMatchObject({ b: 'queued' });
  });

  it('requeues for free an attempt that was lost before its body began, and fails one that had begun with no try left', async () => {
    const run = await startRun(aDagSpec('lost', [aTask('a')]));
    await claim(run, 'a');
    await sql(`update task_instance set lease_expires_at = '-infinity' where dag_run_id = $1`, [run]);
    const rescue = async () => {
      const rescued = await rescueExpiredLeases(database.db, { shards: engine.shards, graceMs: 0, owner: schedulerId });
      inbox.ended(rescued.map((one) => one.id));
      await settle();
    };
    await rescue();
    expect((await instances(run))[0]).toMatchObject({ state: 'queued', try_number: 1 });
    const second = await claim(run, 'a');
    await sql('update task_attempt set body_started_at = now() where attempt_id = $1', [second?.attemptId]);
    await sql(`update task_instance set lease_expires_at = '-infinity' where dag_run_id = $1`, [run]);
    await rescue();
    expect((await instances(run))[0]).toMatchObject({
      state: 'failed',
      reason: 'worker w was lost while the task ran, and no try is left',
    });
    expect(await runState(run)).toBe('failed');
  });
});
