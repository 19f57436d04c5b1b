/**
 * Retention of files by itself, a pass of the workers, which write them: logs and scratch folders of runs, code that workers keep
 * at hand, folders of processes that were killed. Any number may do it at once over one folder.
 */
import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Queryable } from '#platform/db/client.ts';
import { privateFolder } from '#platform/private-folder.ts';
import { removeLeftovers } from '#platform/temporary-folder.ts';
import { cleanLogs } from './clean-logs.ts';
import { cleanScratch } from './clean-scratch.ts';
import type { KeeperDeps } from './keeper.ts';
import { cachesKeptMs, DAY_MS } from './policy.ts';

const MB = 1024 * 1024;
/** Both are made again when they are missed. */
const CACHES = ['bundles', 'compile-cache'] as const;

export interface KeepFoldersDeps extends KeeperDeps {
  readonly db: Queryable;
}

export async function keepFolders({ config, db, clock, logger }: KeepFoldersDeps, signal = new AbortController().signal): Promise<void> {
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
  removeLeftovers();
  for (const name of CACHES) await removeOldFiles(privateFolder(name), nowMs - cachesKeptMs(config));
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
