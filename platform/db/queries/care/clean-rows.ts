/**
 * cleanRows    who: `windlass db clean`, batch after batch. Locks the rows of its batch, and skips those somebody else has locked.
 * Deletes old rows that hang on no run, at most so many a call. 0 = no old row of the table is left.
 */
import type { Queryable } from '../../client.ts';

const ROWS_MAX = 5_000;

/** Table -> its key, and which rows are old at the instant $1. */
const TABLES = {
  // The newest event of an asset says how fresh it is; one that a DAG waits for, or that made a run, is part of that.
  asset_event: {
    key: 'event_id',
    old: `x.at < $1::timestamptz and not exists (select 1 from asset_dag_event d where d.event_id = x.event_id)
          and exists (select 1 from asset_event n where n.asset_id = x.asset_id and n.event_id > x.event_id)`,
  },
  backfill: {
    key: 'backfill_id',
    old: 'x.completed_at < $1::timestamptz and not exists (select 1 from dag_run r where r.backfill_id = x.backfill_id)',
  },
  audit_log: { key: 'audit_id', old: 'x.at < $1::timestamptz' },
  received_event: { key: 'event_id', old: 'x.received_at < $1::timestamptz' },
  // Of plugins that are gone or hear nothing any more.
  plugin_event: { key: 'event_id', old: 'x.at < $1::timestamptz' },
  service: { key: 'service_id', old: 'x.last_heartbeat_at < $1::timestamptz' },
  session_token: { key: 'token_hash', old: 'x.expires_at < $1::timestamptz' },
} as const;

export type CleanTable = keyof typeof TABLES;
export const ROW_TABLES = Object.keys(TABLES) as readonly CleanTable[];

export async function cleanRows(db: Queryable, table: CleanTable, before: Date): Promise<number> {
  const { key, old } = TABLES[table];
  const text = `delete from ${table} where ${key} in (select x.${key} from ${table} x where ${old} order by x.${key} limit ${ROWS_MAX} for update of x skip locked)`;
  return (await db.query({ name: `clean_${table}`, text }, [before])).rowCount;
}

/** How many rows `cleanRows` would delete in all. */
export async function countOldRows(db: Queryable, table: CleanTable, before: Date): Promise<number> {
  const text = `select count(*)::int as rows from ${table} x where ${TABLES[table].old}`;
  return (await db.query<{ rows: number }>({ name: `count_old_${table}`, text }, [before])).rows[0]?.rows ?? 0;
}
