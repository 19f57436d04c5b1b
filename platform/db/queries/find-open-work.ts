/**
 * findOpenWork
 *   who:   scheduler, once a second, for all of what it looks for then and rarely finds
 *   locks: nothing; each question is one look into an index that holds what is open, or into a table that is nearly always empty
 *   zero rows: never
 */
import type { Queryable } from '../client.ts';

export interface OpenWork {
  readonly backfills: boolean;
  readonly deadlines: boolean;
  readonly assetEvents: boolean;
  readonly parseRequests: boolean;
}

const STATEMENT = {
  name: 'find_open_work',
  text: `
select exists (select from backfill where completed_at is null) as backfills,
       exists (select from deadline where missed_at is null and met_at is null) as deadlines,
       exists (select from asset_dag_event where dag_run_id is null) as "assetEvents",
       exists (select from parse_request) as "parseRequests"`,
};

/** Of any shard: whose it is says the statement that takes it. */
export async function findOpenWork(db: Queryable): Promise<OpenWork> {
  return (await db.query<OpenWork>(STATEMENT)).rows[0] as OpenWork;
}
