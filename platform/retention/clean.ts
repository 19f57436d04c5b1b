/** Retention of rows: deletes what is old, in batches small enough that nobody waits for them, and the logs of the runs with them. */
import { rm } from 'node:fs/promises';
import type { Database } from '#platform/db/client.ts';
import { cleanAssetVersions, countAssetVersionsBeyond } from '#platform/db/queries/care/clean-asset-versions.ts';
import { type CleanTable, cleanRows, countOldRows, ROW_TABLES } from '#platform/db/queries/care/clean-rows.ts';
import { cleanRuns, countOldRuns, RUN_TABLES } from '#platform/db/queries/care/clean-runs.ts';
import { dropOldSamples } from '#platform/db/queries/care/drop-old-samples.ts';
import { runLogFolder } from '#platform/logs/log-path.ts';

/** In the order in which they are cleaned. */
export const CLEANED_TABLES: readonly string[] = [...RUN_TABLES, ...ROW_TABLES];

/** Rows of the table that are older than this go; null = none. `dag_run` stands for all that hangs on runs. */
export type CutOff = (table: 'dag_run' | CleanTable) => Date | null;

export interface Retention {
  readonly db: Database;
  readonly before: CutOff;
  readonly logsFolder: string;
  /** Told after each batch. */
  readonly progress?: (deleted: Readonly<Record<string, number>>) => void;
  /** Aborted: the batch under way is the last one. */
  readonly signal?: AbortSignal;
}

/** Rows by table that `clean` would delete at once; what only these rows hold goes with it, and is not counted. */
export async function countOld({ db, before }: Pick<Retention, 'db' | 'before'>): Promise<Readonly<Record<string, number>>> {
  const runsBefore = before('dag_run');
  const counts: Record<string, number> = runsBefore === null ? {} : { ...(await countOldRuns(db, runsBefore)) };
  for (const table of ROW_TABLES) {
    const rowsBefore = before(table);
    if (rowsBefore !== null) counts[table] = await countOldRows(db, table, rowsBefore);
  }
  counts['asset_version'] = (counts['asset_version'] ?? 0) + (await countAssetVersionsBeyond(db));
  return counts;
}

/** Deletes; returns the rows by table. May be ended at any moment and run again, also several times at once. */
export async function clean({ db, before, logsFolder, progress = () => {}, signal }: Retention): Promise<Readonly<Record<string, number>>> {
  const sums: Record<string, number> = Object.fromEntries(CLEANED_TABLES.map((table) => [table, 0]));
  const add = (deleted: Readonly<Record<string, number>>) => {
    for (const [table, rows] of Object.entries(deleted)) sums[table] = (sums[table] ?? 0) + rows;
    progress(sums);
  };
  const runsBefore = before('dag_run');
  while (runsBefore !== null && !signal?.aborted) {
    const batch = await cleanRuns(db, runsBefore, async (runs) => {
      for (const run of runs) await rm(runLogFolder(logsFolder, run), { recursive: true, force: true });
    });
    if (!batch.busy) break;
    add(batch.deleted);
  }
  for (const table of ROW_TABLES) {
    const rowsBefore = before(table);
    while (rowsBefore !== null && !signal?.aborted) {
      const rows = await cleanRows(db, table, rowsBefore);
      if (rows === 0) break;
      add({ [table]: rows });
    }
  }
  while (!signal?.aborted) {
    const rows = await cleanAssetVersions(db);
    if (rows === 0) break;
    add({ asset_version: rows });
  }
  while (!signal?.aborted && (await dropOldSamples(db)) > 0);
  return sums;
}
