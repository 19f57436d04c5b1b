/** The triggerer process: thousands of waits, in one loop, without any code of an author. */

import { hostname } from 'node:os';
import type { UiEvent } from '#platform/broker/messages.ts';
import { newId } from '#platform/clock.ts';
import { agreedSettings } from '#platform/config/agreed-settings.ts';
import { hasWatches } from '#platform/db/queries/assets/has-watches.ts';
import { saveService } from '#platform/db/queries/save-service.ts';
import { Masker } from '#platform/mask.ts';
import { SecretPlugins } from '#platform/secrets/secret-plugins.ts';
import { openSecretStore } from '#platform/secrets/secret-store.ts';
import { Loop } from '#platform/service/service.ts';
import { SharedRead } from '#platform/service/shared-read.ts';
import { WINDLASS_VERSION } from '#platform/version.ts';
import { AssetListeners } from './asset-listeners.ts';
import { AssetWatcher } from './asset-watcher.ts';
import type { TriggererDeps } from './deps.ts';
import { LoopGuard } from './loop-guard.ts';
import { Triggerer } from './triggerer.ts';

export interface RunningTriggerer {
  readonly triggererId: string;
  stop(): Promise<void>;
}

const WATCH_MS = 1_000;
/** A little less than that: both loops look by one statement. */
const WATCHES_FRESH_MS = 900;

export async function startTriggerer(given: Omit<TriggererDeps, 'secrets' | 'masker'>): Promise<RunningTriggerer> {
  const { config, db, broker, clock, logger } = given;
  const plugins = new SecretPlugins({ config, db, clock, logger });
  const deps: TriggererDeps = { ...given, secrets: openSecretStore({ config, db, plugins }), masker: new Masker() };
  const triggererId = `triggerer:${hostname()}:${process.pid}:${newId().slice(-6)}`;
  const triggerer = new Triggerer(triggererId, deps, () => loop.wake());
  const watcher = new AssetWatcher(triggererId, deps);
  const listeners = new AssetListeners(triggererId, deps);
  const guard = new LoopGuard({ clock, logger, isWaiting: () => triggerer.size > 0 });
  const loop = new Loop({ name: 'triggerer', clock, logger, intervalMs: 1_000, runOnce: () => triggerer.runOnce() });
  const heartbeat = (stopped: boolean) =>
    saveService(db.reserved, {
      serviceId: triggererId,
      kind: 'triggerer',
      hostname: hostname(),
      pid: process.pid,
      version: WINDLASS_VERSION,
      stopped,
      slots: config.triggererCapacity,
      running: triggerer.size,
      processed: triggerer.ended,
      info: {
        settings: agreedSettings(config),
        waiters: triggerer.size,
        kinds: triggerer.kinds,
        ended: triggerer.ended,
        listening: listeners.size,
        loop_lag_ms: guard.worstMs(),
      },
    });
  const watches = new SharedRead(clock, WATCHES_FRESH_MS, () => hasWatches(db));
  const watch = async () => ((await watches.get()) ? watcher.runOnce() : undefined);
  const listen = async () => (listeners.size > 0 || (await watches.get()) ? listeners.runOnce() : undefined);
  const loops = [
    new Loop({
      name: 'heartbeat',
      clock,
      logger,
      intervalMs: config.serviceHeartbeatMs,
      runOnce: async () => void (await heartbeat(false)),
    }),
    loop,
    new Loop({ name: 'asset_watches', clock, logger, intervalMs: WATCH_MS, runOnce: watch }),
    new Loop({ name: 'asset_listeners', clock, logger, intervalMs: WATCH_MS, runOnce: listen }),
  ];
  await heartbeat(false);
  const listening = await Promise.all([
    broker.listen('waiters_changed', () => {
      triggerer.hearNew();
      loop.wake();
    }),
    broker.listen('ui_events', (message) => {
      if (triggerer.hearChanges(topicsIn(message))) loop.wake();
    }),
  ]);
  for (const one of loops) await one.start();
  guard.start();
  logger.info({ event: 'triggerer.started', triggerer_id: triggererId }, 'triggerer started');
  return {
    triggererId,
    async stop() {
      guard.stop();
      watcher.stop();
      await Promise.all(listening.map((stop) => stop()));
      for (const one of [...loops].reverse()) await one.stop();
      await listeners.stop().catch(() => {});
      await plugins.stop();
      await heartbeat(true).catch(() => {});
      await triggerer.release().catch(() => {});
      logger.info({ event: 'triggerer.stopped' }, 'triggerer stopped');
    },
  };
}

function topicsIn(message: unknown): readonly string[] {
  const { topics } = (message ?? {}) as Partial<UiEvent>;
  return Array.isArray(topics) ? topics.filter((topic) => typeof topic === 'string') : [];
}
