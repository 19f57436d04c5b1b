/**
 * cleanRows    who: the schedulers, now and then, and `windlass db clean`, batch after batch. Locks the rows of its batch, and
 * skips those somebody else has locked. Deletes old rows that hang on no run, at most so many a call. 0 = no old row of the
 * table is left. Whoever begins to use a row at this moment wins: the reference is refused, and the batch done again.
 */
import type { Queryable } from '../../client.ts';

const ROWS_MAX = 5_000;

interface Cleaned {
  readonly key: string;
  /** The column that says how old a row is; the oldest go first. */
  readonly age: string;
  /** What else must be true of the row, `x`. */
  readonly also?: string;
}

/** In the order in which they are cleaned: what a row holds comes after it. */
const TABLES = {
  // Events that a DAG waits for and no run has taken: the newest of an asset (and partition) is enough to start it.
  asset_dag_event: {
    key: '(x.dag_id, x.event_id)',
    age: 'queued_at',
    also: `x.dag_run_id is null and (
          exists (select 1 from dag d where d.dag_id = x.dag_id and d.is_stale)
          or exists (select 1 from asset_event e join asset_event n on n.asset_id = e.asset_id and n.event_id > e.event_id
                              and n.partition_key is not distinct from e.partition_key
                       join asset_dag_event q on q.event_id = n.event_id and q.dag_id = x.dag_id and q.dag_run_id is null
                      where e.event_id = x.event_id))`,
  },
  // The newest event of an asset says how fresh it is; one that a DAG waits for, or that made a run, is part of that.
  asset_event: {
    key: 'x.event_id',
    age: 'at',
    also: `not exists (select 1 from asset_dag_event d where d.event_id = x.event_id)
          and exists (select 1 from asset_event n where n.asset_id = x.asset_id and n.event_id > x.event_id)`,
  },
  // Those of assets with a retention of their own: clean-asset-versions.ts. The newest says what the asset is like.
  asset_version: {
    key: 'x.version_id',
    age: 'at',
    also: `exists (select 1 from asset_version n where n.asset_id = x.asset_id and n.version_id > x.version_id)
          and exists (select 1 from asset a where a.asset_id = x.asset_id and a.keep_versions is null and a.keep_ms is null)`,
  },
  // Found by tasks under ever new names, or named by no DAG any more. Its last event goes with it.
  asset: {
    key: 'x.asset_id',
    age: 'updated_at',
    also: `(x.found_at_run or not x.is_active)
          and not exists (select 1 from dag_asset_use u where u.asset_name = x.name or u.asset_uri = x.uri)
          and not exists (select 1 from asset_event e left join asset_dag_event q using (event_id)
                           where e.asset_id = x.asset_id and (e.at >= $1::timestamptz or q.event_id is not null))`,
  },
  backfill: {
    key: 'x.backfill_id',
    age: 'completed_at',
    also: 'not exists (select 1 from dag_run r where r.backfill_id = x.backfill_id)',
  },
  // Of tasks that are gone or renamed: what they synced last is as old, and the runs that did it are gone.
  sync_stream: {
    key: 'x.sync_id',
    age: 'updated_at',
    also: `not exists (select 1 from sync_attempt a where a.sync_id = x.sync_id)
          and not exists (select 1 from sync_reset r where r.sync_id = x.sync_id and r.done_at is null and r.withdrawn_at is null)`,
  },
  audit_log: { key: 'x.audit_id', age: 'at' },
  received_event: { key: 'x.event_id', age: 'received_at' },
  // Of plugins that are gone or hear nothing any more.
  plugin_event: { key: 'x.event_id', age: 'at' },
  // Of bundles that are configured no more: nobody takes them.
  parse_request: { key: '(x.bundle_name, x.file_path)', age: 'asked_at' },
  service: { key: 'x.service_id', age: 'last_heartbeat_at' },
  session_token: { key: 'x.token_hash', age: 'expires_at' },
  dag: {
    key: 'x.dag_id',
    age: 'stale_since',
    also: 'x.is_stale and not exists (select 1 from dag_run r where r.dag_id = x.dag_id)',
  },
  dag_version: {
    key: 'x.version_id',
    age: 'created_at',
    also: `not exists (select 1 from dag_run r where r.version_id = x.version_id)
          and not exists (select 1 from dag d where d.dag_id = x.dag_id and d.version_id = x.version_id)`,
  },
  dag_bundle: { key: 'x.hash', age: 'created_at', also: 'not exists (select 1 from dag_version v where v.bundle_hash = x.hash)' },
  // Of a Windlass from before, with its last code. The newest is the one that is found at the next start.
  sdk_bundle: {
    key: 'x.hash',
    age: 'created_at',
    also: `not exists (select 1 from dag_bundle b where b.sdk_hash = x.hash)
          and exists (select 1 from sdk_bundle n where n.created_at > x.created_at)`,
  },
} as const satisfies Readonly<Record<string, Cleaned>>;

export type CleanTable = keyof typeof TABLES;
export const ROW_TABLES = Object.keys(TABLES) as readonly CleanTable[];

function oldRows(table: CleanTable): string {
  const { age, also }: Cleaned = TABLES[table];
  return `from ${table} x where x.${age} < $1::timestamptz${also === undefined ? '' : ` and ${also}`}`;
}

export async function cleanRows(db: Queryable, table: CleanTable, before: Date): Promise<number> {
  const { key, age } = TABLES[table];
  const text = `
delete from ${table} x using (select ${key.replace(/[()]/g, '')} ${oldRows(table)} order by x.${age} limit ${ROWS_MAX} for update of x skip locked) old
 where ${key} = ${key.replaceAll('x.', 'old.')}`;
  return (await db.query({ name: `clean_${table}`, text }, [before])).rowCount;
}

/** How many rows `cleanRows` would delete in all. */
export async function countOldRows(db: Queryable, table: CleanTable, before: Date): Promise<number> {
  const text = `select count(*)::int as rows ${oldRows(table)}`;
  return (await db.query<{ rows: number }>({ name: `count_old_${table}`, text }, [before])).rows[0]?.rows ?? 0;
}
