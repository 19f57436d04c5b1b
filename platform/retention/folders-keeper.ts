/**
 * Retention of files by itself: logs and scratch folders of runs, code that workers keep at hand. Done by the workers, which
 * write them. Any number may do it at once over one folder, and any may die in the middle.
 */
import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { Logger } from '#platform/logger.ts';
import { privateFolder } from '#platform/private-folder.ts';
import { Loop, type Service } from '#platform/service/service.ts';
import { cleanLogs } from './clean-logs.ts';
import { cleanScratch } from './clean-scratch.ts';
import { cachesKeptMs, DAY_MS, passEveryMs } from './policy.ts';

const MB = 1024 * 1024;
/** Both are made again when they are missed. */
const CACHES = ['bundles', 'compile-cache'] as const;

export interface FoldersKeeperDeps {
  readonly config: Config;
  readonly db: Queryable;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class FoldersKeeper implements Service {
  readonly #deps: FoldersKeeperDeps;
  readonly #loop: Loop;
  #stopping = new AbortController();

  constructor(deps: FoldersKeeperDeps) {
    this.#deps = deps;
    const { clock, logger, config } = deps;
    this.#loop = new Loop({ name: 'folders', clock, logger, intervalMs: passEveryMs(config), runOnce: () => this.runOnce() });
  }

  start(): Promise<void> {
    this.#stopping = new AbortController();
    return this.#loop.start();
  }

  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#loop.stop();
  }

  async runOnce(): Promise<undefined> {
    const { config, db, clock, logger } = this.#deps;
    const { signal } = this.#stopping;
    const nowMs = clock.now();
    const { retentionLogsDays: logsDays, retentionLogsMaxMb: logsMaxMb, retentionScratchDays: scratchDays } = config;
    if (logsDays > 0 || logsMaxMb > 0) {
      const { logsFolder } = config;
      const keepMs = logsDays > 0 ? logsDays * DAY_MS : null;
      const removed = await cleanLogs({ logsFolder, nowMs, keepMs, maxBytes: logsMaxMb > 0 ? logsMaxMb * MB : null, signal });
      if (removed.runs > 0) logger.info({ event: 'retention.logs_removed', ...removed }, `logs of ${removed.runs} runs were removed`);
    }
    if (scratchDays > 0) {
      const { scratchFolder } = config;
      const folders = await cleanScratch({ db, scratchFolder, nowMs, keepMs: scratchDays * DAY_MS, signal });
      if (folders > 0) logger.info({ event: 'retention.scratch_removed', folders }, `scratch folders of ${folders} runs were removed`);
    }
    for (const name of CACHES) await removeOldFiles(privateFolder(name), nowMs - cachesKeptMs(config));
  }
}

/** Files last written before the instant, and folders that are empty then. Never follows links. */
export async function removeOldFiles(folder: string, beforeMs: number): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    const found = await lstat(path).catch(() => null);
    if (found?.isDirectory()) {
      await removeOldFiles(path, beforeMs);
      if (found.mtimeMs < beforeMs) await rmdir(path).catch(() => {});
    } else if (found !== null && found.mtimeMs < beforeMs) await rm(path, { force: true });
  }
}
