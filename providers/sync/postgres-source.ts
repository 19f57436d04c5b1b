/** Rows of a table of Postgres in the order of a cursor column, after the last that was written. */
import type { RecordBatch } from 'apache-arrow';
import { Fatal } from '#sdk/outcomes.ts';
import { cellReader } from '../arrow/cell.ts';
import { selectBatch } from '../arrow/columns.ts';
import { connectPostgres, type Postgres } from '../postgres/connect.ts';
import { quoteName, quoteTable } from '../postgres/identifiers.ts';
import type { SyncCtx, SyncPage, SyncSource, SyncState } from './sync-types.ts';

export interface PostgresSourceOptions {
  /** Id of a connection of type postgres. */
  readonly connection: string;
  readonly schema?: string;
  readonly table: string;
  /** A column that grows with every insert and update: `updated_at`, or an ascending id. Never null. */
  readonly cursor: string;
  /** Tells rows of one cursor value apart. Default: the primary key. */
  readonly key?: readonly string[];
  /** Default: all of them. */
  readonly columns?: readonly string[];
  /**
   * Each run reads so far back again, for rows that were committed late: an interval of Postgres (`'10 minutes'`) for times, a number for
   * numbers. Needs a destination with a key: rows of the window come again.
   */
  readonly lookback?: string | number;
  /** Rows of one page, default 10,000: what is done again after a crash. */
  readonly pageRows?: number;
}

const PAGE_ROWS = 10_000;
const KEYS_OF_PAGE = 50_000;
/** Hidden columns that carry the place as text, to its last digit. */
const MARK = '_windlass_mark_';

/**
 * One consistent look at the table each run. A row whose transaction commits later than one with a greater cursor value is missed, unless
 * `lookback` is as long as the longest transaction.
 */
export function postgresSource(options: PostgresSourceOptions): SyncSource {
  const name = { table: options.table, ...(options.schema !== undefined && { schema: options.schema }) };
  return {
    name: `postgres ${options.schema ?? 'public'}.${options.table}`,
    async *pages(ctx: SyncCtx, state: SyncState | null): AsyncGenerator<SyncPage> {
      await using postgres = await connectPostgres(ctx, options.connection);
      const types = await columnTypes(postgres, quoteTable(name));
      const key = options.key ?? (await primaryKey(postgres, quoteTable(name)));
      const place = [options.cursor, ...key.filter((column) => column !== options.cursor)];
      for (const column of [...place, ...(options.columns ?? [])])
        if (!types.has(column)) throw new Fatal(`${quoteTable(name)} has no column "${column}"; it has ${[...types.keys()].join(', ')}.`);
      const wanted = options.columns ?? [...types.keys()];
      const list = [...wanted.map(quoteName), ...place.map((column, index) => `${quoteName(column)}::text as ${quoteName(MARK + index)}`)];
      const order = place.map(quoteName).join(', ');
      const sql = `select ${list.join(', ')} from ${quoteTable(name)} where ${quoteName(options.cursor)} is not null${after(postgres, place, types, state, options.lookback)} order by ${order}`;
      for await (const batch of postgres.batches(sql, options.pageRows ?? PAGE_ROWS)) {
        if (batch.numRows > 0) yield { batch: selectBatch(batch, wanted), state: stateOf(batch, place) };
      }
    },
    async *keys(ctx: SyncCtx, key: readonly string[]) {
      await using postgres = await connectPostgres(ctx, options.connection);
      yield* postgres.batches(`select ${key.map(quoteName).join(', ')} from ${quoteTable(name)}`, KEYS_OF_PAGE);
    },
  };
}

function after(
  postgres: Postgres,
  place: readonly string[],
  types: ReadonlyMap<string, string>,
  state: SyncState | null,
  lookback: string | number | undefined,
): string {
  const last = state?.['after'];
  if (last === undefined) return '';
  if (!Array.isArray(last) || last.length !== place.length)
    throw new Fatal(
      `The state of this sync is of another cursor or key (${JSON.stringify(state)}). Begin it from the start: windlass sync reset, or sync under another name.`,
    );
  const values = (last as unknown[]).map(
    (value, index) => `${postgres.client.escapeLiteral(String(value))}::${types.get(place[index] as string)}`,
  );
  const [cursor = ''] = place;
  if (lookback !== undefined) {
    const back = typeof lookback === 'number' ? String(lookback) : `${postgres.client.escapeLiteral(lookback)}::interval`;
    return ` and ${quoteName(cursor)} > ${values[0]} - ${back}`;
  }
  return ` and (${place.map(quoteName).join(', ')}) > (${values.join(', ')})`;
}

function stateOf(batch: RecordBatch, place: readonly string[]): SyncState {
  const read = (index: number) => {
    const at = batch.schema.fields.findIndex((field) => field.name === MARK + index);
    return cellReader(batch.data.children[at] as never, MARK + index)(batch.numRows - 1);
  };
  return { after: place.map((_column, index) => read(index)) };
}

async function columnTypes(postgres: Postgres, table: string): Promise<ReadonlyMap<string, string>> {
  const rows = await postgres.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
      where attrelid = to_regclass($1) and attnum > 0 and not attisdropped order by attnum`,
    [table],
  );
  if (rows.length === 0) throw new Fatal(`There is no table ${table} on this connection. Check schema and table.`);
  return new Map(rows.map(({ name, type }) => [name, type]));
}

async function primaryKey(postgres: Postgres, table: string): Promise<readonly string[]> {
  const rows = await postgres.query<{ name: string }>(
    `select a.attname as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
      where i.indrelid = to_regclass($1) and i.indisprimary order by array_position(i.indkey::int[], a.attnum::int)`,
    [table],
  );
  if (rows.length > 0) return rows.map((row) => row.name);
  throw new Fatal(`${table} has no primary key. Name the columns that tell rows of one cursor value apart: key: ['id'].`);
}
