/** Retention: deletes what is old, in batches small enough that nobody waits for them, and the logs of the runs with them. */
import { rm } from 'node:fs/promises';
import type { Database } from '#platform/db/client.ts';
import { cleanRows, countOldRows, ROW_TABLES } from '#platform/db/queries/care/clean-rows.ts';
import { cleanRuns, countOldRuns, RUN_TABLES } from '#platform/db/queries/care/clean-runs.ts';
import { runLogFolder } from '#platform/logs/log-path.ts';

/** In the order in which they are cleaned. */
export const CLEANED_TABLES: readonly string[] = [...RUN_TABLES, ...ROW_TABLES];

export interface Retention {
  readonly db: Database;
  readonly before: Date;
  readonly logsFolder: string;
  /** Told after each batch. */
  readonly progress?: (deleted: Readonly<Record<string, number>>) => void;
}

/** Rows by table that `clean` would delete. */
export async function countOld({ db, before }: Pick<Retention, 'db' | 'before'>): Promise<Readonly<Record<string, number>>> {
  const counts: Record<string, number> = { ...(await countOldRuns(db, before)) };
  for (const table of ROW_TABLES) counts[table] = await countOldRows(db, table, before);
  return counts;
}

/** Deletes; returns the rows by table. May be ended at any moment and run again, also several times at once. */
export async function clean({ db, before, logsFolder, progress = () => {} }: Retention): Promise<Readonly<Record<string, number>>> {
  const sums: Record<string, number> = Object.fromEntries(CLEANED_TABLES.map((table) => [table, 0]));
  const add = (deleted: Readonly<Record<string, number>>) => {
    for (const [table, rows] of Object.entries(deleted)) sums[table] = (sums[table] ?? 0) + rows;
    progress(sums);
  };
  for (;;) {
    const batch = await cleanRuns(db, before, async (runs) => {
      for (const run of runs) await rm(runLogFolder(logsFolder, run), { recursive: true, force: true });
    });
    if (!batch.busy) break;
    add(batch.deleted);
  }
  for (const table of ROW_TABLES) {
    for (;;) {
      const rows = await cleanRows(db, table, before);
      if (rows === 0) break;
      add({ [table]: rows });
    }
  }
  return sums;
}
