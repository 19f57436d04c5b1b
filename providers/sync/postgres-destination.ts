/** Rows into a table of Postgres, with the state of the sync in the same transaction. */
import { randomBytes } from 'node:crypto';
import type { Field, RecordBatch } from 'apache-arrow';
import type { AssetColumn } from '#core/assets/asset-version.ts';
import type { SyncResetWish } from '#core/sync/sync-report.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { beforePublish, reportWritten } from '#sdk/runtime/asset-writes.ts';
import { firstRowsOf } from '../arrow/report-writing.ts';
import { columnTypeOf } from '../postgres/column-types.ts';
import { connectPostgres, type Postgres } from '../postgres/connect.ts';
import { quoteName, quoteTable, type TableName } from '../postgres/identifiers.ts';
import { loadTemporaryTable, placeOf } from '../postgres/load-table.ts';
import { evolve } from './evolve.ts';
import { refuseOther } from './one-writer.ts';
import type { OpenDestination, SyncCtx, SyncDestination, SyncPage, SyncState, SyncStream } from './sync-types.ts';

export interface PostgresDestinationOptions {
  /** Id of a connection of type postgres. */
  readonly connection: string;
  /** Made if need be. Default public. */
  readonly schema?: string;
  /** Made from the first page if need be. */
  readonly table: string;
  /** A row whose key is there already replaces it. Default: every row is added. */
  readonly key?: readonly string[];
  /** A column of the source that says when a row was deleted: such a row is taken out here instead of written. Needs a key. */
  readonly deletedAt?: string;
}

const STATES = '_windlass_sync';

export function postgresDestination(options: PostgresDestinationOptions): SyncDestination {
  const name = { schema: options.schema ?? 'public', table: options.table };
  if (options.deletedAt !== undefined && (options.key ?? []).length === 0)
    throw new Fatal('postgresDestination: deletedAt needs the key by which a deleted row is found.');
  return {
    name: `postgres ${name.schema}.${name.table} (${options.connection})`,
    resets: { rowsAre: (options.key ?? []).length > 0 ? 'replaced' : 'added', removes: 'table' },
    async open(ctx: SyncCtx, stream: SyncStream) {
      const postgres = await connectPostgres(ctx, options.connection);
      try {
        await postgres.query(`create schema if not exists ${quoteName(name.schema)}`);
        await postgres.query(
          `create table if not exists ${statesOf(name)} (stream text primary key, state jsonb not null, columns jsonb not null, updated_at timestamptz not null default now())`,
        );
      } catch (error) {
        await postgres.close();
        throw error;
      }
      return new IntoPostgres(postgres, stream, name, options);
    },
  };
}

const statesOf = ({ schema }: TableName): string => quoteTable({ ...(schema !== undefined && { schema }), table: STATES });

interface Kept {
  readonly state: SyncState | null;
  readonly columns: readonly AssetColumn[];
}

class IntoPostgres implements OpenDestination {
  readonly #postgres: Postgres;
  readonly #stream: SyncStream;
  readonly #name: TableName;
  readonly #options: PostgresDestinationOptions;
  readonly removal?: NonNullable<OpenDestination['removal']>;
  /** The state that this writer goes on after, as JSON; undefined = it has not asked. */
  #last: string | undefined;

  constructor(postgres: Postgres, stream: SyncStream, name: TableName, options: PostgresDestinationOptions) {
    this.#postgres = postgres;
    this.#stream = stream;
    this.#name = name;
    this.#options = options;
    const { key = [] } = options;
    if (key.length > 0) this.removal = { key, keepOnly: (keys) => this.#keepOnly(key, keys) };
  }

  async state(): Promise<SyncState | null> {
    const state = (await this.#kept())?.state ?? null;
    this.#last = JSON.stringify(state);
    return state;
  }

  async write({ batch: given, state }: SyncPage): Promise<void> {
    const { client } = this.#postgres;
    const place = placeOf(client, this.#name, this.#options.connection);
    await client.query('begin');
    try {
      await this.#lock();
      const kept = await this.#kept();
      if (this.#last !== undefined) refuseOther(this.#stream, this.#last, JSON.stringify(kept?.state ?? null));
      const { batch, added, widened, columns } = evolve(this.#stream, kept?.columns ?? null, given);
      await this.#alter(batch, added, widened);
      await this.#insert(batch);
      const last = await this.#keep(this.#stream.name, state, columns);
      await beforePublish({ ...place, columns });
      await client.query('commit');
      this.#last = last;
      reportWritten({ ...place, columns, rows: batch.numRows, adds: true, ...firstRowsOf(batch) });
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    }
  }

  /** State and rows in one transaction, with a note of which wish it was: whoever comes later with the same finds it done. */
  reset({ resetId, rows }: SyncResetWish): Promise<number> {
    const { client } = this.#postgres;
    // No stream is called so.
    const note = `${this.#stream.name}#reset`;
    return this.#alone(async () => {
      const done = (await this.#kept(note))?.state as { readonly id: string; readonly removed: number } | undefined;
      if (done?.id === resetId) return done.removed;
      const table = quoteTable(this.#name);
      const isThere = (await client.query('select to_regclass($1) is not null as yes', [table])).rows[0]?.yes === true;
      const removed = rows === 'remove' && isThere ? ((await client.query(`delete from ${table}`)).rowCount ?? 0) : 0;
      await client.query(`update ${statesOf(this.#name)} set state = 'null', updated_at = now() where stream = $1`, [this.#stream.name]);
      await this.#keep(note, { id: resetId, removed }, []);
      return removed;
    });
  }

  #keepOnly(key: readonly string[], keys: AsyncIterable<RecordBatch>): Promise<number> {
    const { client } = this.#postgres;
    const staging = `keys_${randomBytes(4).toString('hex')}`;
    return this.#alone(async () => {
      await loadTemporaryTable(client, staging, keys);
      const same = key.map((column) => `k.${quoteName(column)} = t.${quoteName(column)}`).join(' and ');
      const { rowCount } = await client.query(
        `delete from ${quoteTable(this.#name)} t where not exists (select from pg_temp.${quoteName(staging)} k where ${same})`,
      );
      await client.query(`drop table pg_temp.${quoteName(staging)}`);
      return rowCount ?? 0;
    });
  }

  /** In one transaction, which no other of this table runs beside. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const { client } = this.#postgres;
    await client.query('begin');
    try {
      await this.#lock();
      const value = await work();
      await client.query('commit');
      return value;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw error;
    }
  }

  async #lock(): Promise<void> {
    await this.#postgres.client.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`windlass.sync ${quoteTable(this.#name)}`]);
  }

  /** Returns the state as it will be read. */
  async #keep(stream: string, state: object, columns: readonly AssetColumn[]): Promise<string> {
    const { rows } = await this.#postgres.client.query<{ state: unknown }>(
      `insert into ${statesOf(this.#name)} (stream, state, columns) values ($1, $2, $3)
         on conflict (stream) do update set state = excluded.state, columns = excluded.columns, updated_at = now()
       returning state`,
      [stream, JSON.stringify(state), JSON.stringify(columns)],
    );
    return JSON.stringify(rows[0]?.state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#postgres.close();
  }

  /** A state of null: it begins from the start, and the table has its columns. */
  async #kept(stream = this.#stream.name): Promise<Kept | undefined> {
    return (await this.#postgres.query<Kept>(`select state, columns from ${statesOf(this.#name)} where stream = $1`, [stream]))[0];
  }

  async #alter(batch: RecordBatch, added: readonly AssetColumn[], widened: readonly AssetColumn[]): Promise<void> {
    const { client } = this.#postgres;
    const table = quoteTable(this.#name);
    const typeOf = ({ name }: AssetColumn) =>
      columnTypeOf((batch.schema.fields.find((field) => field.name === name) as Field).type, name).sql;
    const key = this.#options.key ?? [];
    for (const column of key)
      if (!batch.schema.fields.some((field) => field.name === column))
        throw new Fatal(`The source of "${this.#stream.name}" has no column "${column}", which is part of the key of ${table}.`);
    const columns = batch.schema.fields.map((field) => `${quoteName(field.name)} ${columnTypeOf(field.type, field.name).sql}`);
    await client.query(
      `create table if not exists ${table} (${[...columns, ...(key.length > 0 ? [`primary key (${key.map(quoteName).join(', ')})`] : [])].join(', ')})`,
    );
    for (const column of added)
      await client.query(`alter table ${table} add column if not exists ${quoteName(column.name)} ${typeOf(column)}`);
    for (const column of widened) await client.query(`alter table ${table} alter column ${quoteName(column.name)} type ${typeOf(column)}`);
  }

  async #insert(batch: RecordBatch): Promise<void> {
    const { client } = this.#postgres;
    const staging = `sync_${randomBytes(4).toString('hex')}`;
    await loadTemporaryTable(client, staging, [batch]);
    const names = batch.schema.fields.map((field) => field.name);
    const list = names.map(quoteName).join(', ');
    const key = this.#options.key ?? [];
    const others = names.filter((name) => !key.includes(name));
    const change =
      others.length === 0 ? 'nothing' : `update set ${others.map((name) => `${quoteName(name)} = excluded.${quoteName(name)}`).join(', ')}`;
    const keyed = key.map(quoteName).join(', ');
    // Of several rows of a page with one key the last one counts; ctid is the order in which they came.
    const newest = `select distinct on (${keyed}) ${list} from pg_temp.${quoteName(staging)} order by ${keyed}, ctid desc`;
    const gone = this.#goneIn(names);
    const rows =
      key.length === 0
        ? `select ${list} from pg_temp.${quoteName(staging)}`
        : gone === null
          ? newest
          : `select ${list} from (${newest}) n where ${gone} is null`;
    if (gone !== null) {
      const same = key.map((column) => `n.${quoteName(column)} = t.${quoteName(column)}`).join(' and ');
      await client.query(`delete from ${quoteTable(this.#name)} t using (${newest}) n where ${gone} is not null and ${same}`);
    }
    await client.query(
      `insert into ${quoteTable(this.#name)} (${list}) ${rows}${key.length === 0 ? '' : ` on conflict (${keyed}) do ${change}`}`,
    );
    await client.query(`drop table pg_temp.${quoteName(staging)}`);
  }

  /** The column that says that a row was deleted; null = none does. */
  #goneIn(names: readonly string[]): string | null {
    const { deletedAt } = this.#options;
    if (deletedAt === undefined) return null;
    if (!names.includes(deletedAt))
      throw new Fatal(`The source of "${this.#stream.name}" has no column "${deletedAt}", which deletedAt names.`);
    return `n.${quoteName(deletedAt)}`;
  }
}
