/** One line in the terminal for each run that ends: the useful part of a log for whoever has just started. */
import { styleText } from 'node:util';
import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/db/client.ts';
import { listEndedRuns } from '#platform/db/queries/list-ended-runs.ts';
import { print } from '../output.ts';

const INTERVAL_MS = 1_000;
const MAX_LINES = 20;

/** The database's time now: asked before the roles start, so that a run they finish at once is not missed. */
export async function databaseNow(db: Database): Promise<Date> {
  return (await listEndedRuns(db, null, 0)).now;
}

/** Prints runs that end after `since`, until the returned function is called. A database that is away only delays lines. */
export function followRuns(db: Database, clock: Clock, since: Date): () => void {
  const stopping = new AbortController();
  let after = since;
  const follow = async () => {
    while (await clock.sleep(INTERVAL_MS, stopping.signal)) {
      try {
        const page = await listEndedRuns(db, after, MAX_LINES);
        after = page.now;
        for (const run of page.runs) print(runLine(run));
      } catch {
        // standalone's own watch over Postgres says what is wrong
      }
    }
  };
  void follow();
  return () => stopping.abort();
}

function runLine(run: { dag_id: string; run_id: string; state: string; seconds: number }): string {
  const mark =
    run.state === 'success' ? styleText('green', '✓', { stream: process.stdout }) : styleText('red', '✗', { stream: process.stdout });
  return `  ${mark} ${run.dag_id}  ${styleText('dim', run.run_id, { stream: process.stdout })}  ${run.state} in ${run.seconds.toFixed(1)} s`;
}
