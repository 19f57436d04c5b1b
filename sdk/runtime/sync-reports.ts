/**
 * How a sync tells the task it runs in how far it came, and hears that it is to begin from the start. Outside of a task of a worker
 * (in `dags test`, in tests of an author) nobody listens, and there is no such wish.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { SyncOpened, SyncOpening, SyncProgress, SyncResetWish } from '#core/sync/sync-report.ts';
import { shownPlace, shownState } from '#core/sync/sync-report.ts';
import type { TaskHost } from './task-host.ts';

type Listener = Pick<TaskHost, 'request'>;

/** Every DAG version brings its own copy of this module; the process has one storage. */
const STORAGE = Symbol.for('windlass.sync-reports');

type Storage = AsyncLocalStorage<Listener | null>;
const shared = globalThis as { [STORAGE]?: Storage };

export function withSyncListener<T>(listener: Listener | null, run: () => T): T {
  shared[STORAGE] ??= new AsyncLocalStorage<Listener | null>();
  return shared[STORAGE].run(listener, run);
}

export interface SyncReport {
  /** To be carried out before anything else. */
  readonly reset: SyncResetWish | null;
  /** Resolves when it is written that the wish is fulfilled: not until then may a page be written. */
  resetDone(removed: number): Promise<void>;
  /** Rows and pages since the last report. Rejects when the lease is lost. */
  progress(report: Omit<SyncProgress, 'syncId'>): Promise<void>;
}

const NOBODY: SyncReport = { reset: null, resetDone: async () => undefined, progress: async () => undefined };

export async function openSyncReport(opening: SyncOpening): Promise<SyncReport> {
  const listener = shared[STORAGE]?.getStore() ?? null;
  if (listener === null) return NOBODY;
  const { source, destination } = opening;
  const said = { ...opening, source: shownPlace(source), destination: shownPlace(destination) };
  const { syncId, reset } = (await listener.request({ what: 'sync_open', ...said })) as SyncOpened;
  return {
    reset,
    async resetDone(removed) {
      if (reset !== null) await listener.request({ what: 'sync_reset_done', syncId, resetId: reset.resetId, removed });
    },
    async progress({ before, state, ...counts }) {
      const where = { ...(before !== undefined && { before: shownState(before) }), state: shownState(state) };
      await listener.request({ what: 'sync_progress', syncId, ...where, ...counts });
    },
  };
}
