/**
 * The connection to Postgres. Statements are hand-written and named (prepared once per connection). Every connection is UTC, with
 * timeouts, and says who it is.
 */
import pg from 'pg';
import type { Logger } from '#platform/logger.ts';
import { DatabaseFailure, isConflict, isDatabaseFailure, translateDatabaseError } from './errors.ts';

/** A statement with a name is prepared once per connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** Set for text that is put together from an allow-list (lists with filters): it is not prepared. */
  readonly unprepared?: true;
}

export interface Result<Row> {
  readonly rows: Row[];
  readonly rowCount: number;
}

/** What a statement file needs: the pool or one transaction. */
export interface Queryable {
  query<Row = Record<string, unknown>>(statement: Statement, values?: readonly unknown[]): Promise<Result<Row>>;
}

export interface Database extends Queryable {
  /**
   * A connection of its own for what says "we live": leases that are renewed, and heartbeats. It waits behind nothing else of the
   * process, and an answer that does not come soon is given up, since the next request is due.
   */
  readonly reserved: Queryable;
  readonly pool: pg.Pool;
  readonly url: string;
  /** Runs `work` in one transaction; conflicts with other transactions are retried whole, at most 5 times. */
  transaction<T>(name: string, work: (tx: Queryable) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  /** Shown in pg_stat_activity: "scheduler:<id>". */
  readonly applicationName: string;
  readonly logger: Logger;
  readonly maxConnections?: number;
  readonly statementTimeoutMs?: number;
  /** With no answer for this long, the connection is taken for dead; a little more than the statement timeout. */
  readonly answerTimeoutMs?: number;
  /** The same for `reserved`: a part of the shortest lease. */
  readonly reservedTimeoutMs?: number;
  /**
   * For processes whose statements all find their rows by an index. A prepared statement keeps its plan, and one made
   * while the tables were empty would read them whole, again and again, until Postgres has gathered statistics.
   */
  readonly neverScans?: boolean;
}

// Instants stay Dates (timestamptz); bigint fits a JS number for every column we have.
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => Number(text));

const MAX_TRIES = 5;
const STATEMENT_TRIES_MAX = 3;
const STATEMENT_TIMEOUT_MS = 30_000;
const ANSWER_SLACK_MS = 5_000;
const CONNECT_TIMEOUT_MS = 10_000;
const RESERVED_TIMEOUT_MS = 5_000;
const WAITING_MAX = 500;

export function openDatabase(options: DatabaseOptions): Database {
  const pool = openPool(options, {
    max: options.maxConnections ?? 8,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    statementTimeoutMs: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
    answerTimeoutMs: options.answerTimeoutMs ?? (options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS) + ANSWER_SLACK_MS,
  });
  const reservedTimeoutMs = options.reservedTimeoutMs ?? RESERVED_TIMEOUT_MS;
  const reservedPool = openPool(options, {
    max: 1,
    connectTimeoutMs: reservedTimeoutMs,
    statementTimeoutMs: reservedTimeoutMs,
    answerTimeoutMs: reservedTimeoutMs,
  });

  return {
    pool,
    url: options.url,
    reserved: { query: (statement, values) => runAgain(reservedPool, statement, values) },
    query: (statement, values) => runAgain(pool, statement, values),
    async transaction(name, work) {
      refuseCrowd(pool, name);
      for (let attempt = 1; ; attempt++) {
        const client = await pool.connect().catch((error: unknown) => {
          throw translateDatabaseError(error, name);
        });
        let broken: Error | undefined;
        const step = (text: string) =>
          client.query(text).catch((error: unknown) => {
            throw translateDatabaseError(error, name);
          });
        try {
          await step('begin');
          const value = await work({ query: (statement, values) => run(client, statement, values) });
          await step('commit');
          return value;
        } catch (error) {
          await client.query('rollback').catch((rollbackError: Error) => {
            broken = rollbackError;
          });
          if (attempt < MAX_TRIES && (isConflict(error) || isDatabaseFailure(error, 'lock_timeout'))) continue;
          throw error;
        } finally {
          client.release(broken);
        }
      }
    },
    close: async () => void (await Promise.all([pool.end(), reservedPool.end()])),
  };
}

interface PoolLimits {
  readonly max: number;
  readonly connectTimeoutMs: number;
  readonly statementTimeoutMs: number;
  readonly answerTimeoutMs: number;
}

function openPool({ url, applicationName, logger, neverScans }: DatabaseOptions, limits: PoolLimits): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: applicationName.slice(0, 63),
    max: limits.max,
    idleTimeoutMillis: 60_000,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    keepAlive: true,
    query_timeout: limits.answerTimeoutMs,
    options: `-c timezone=UTC -c statement_timeout=${limits.statementTimeoutMs} -c lock_timeout=5000 -c idle_in_transaction_session_timeout=30000${neverScans ? ' -c enable_seqscan=off -c plan_cache_mode=force_generic_plan' : ''}`,
  });
  // One that breaks between two statements of a transaction belongs to nobody who waits; unheard, that would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));
  pool.on('error', (error) =>
    logger.warn({ event: 'database.connection_lost', err: error.message }, 'an idle database connection was lost; the pool opens another'),
  );
  return pool;
}

async function run<Row>(client: pg.Pool | pg.PoolClient, statement: Statement, values: readonly unknown[] = []): Promise<Result<Row>> {
  try {
    const result = await client.query({
      ...(statement.unprepared ? {} : { name: statement.name }),
      text: statement.text,
      values: values as unknown[],
    });
    return { rows: result.rows as Row[], rowCount: result.rowCount ?? 0 };
  } catch (error) {
    throw translateDatabaseError(error, statement.name);
  }
}

/** Whoever comes when so many wait would only wait in vain: it is told at once. */
function refuseCrowd(pool: pg.Pool, name: string): void {
  if (pool.waitingCount >= WAITING_MAX)
    throw new DatabaseFailure('connection', `${name}: ${pool.waitingCount} statements wait for a connection already`, name);
}

/** What was undone wholly, because others were in its way, may simply be sent again. */
async function runAgain<Row>(pool: pg.Pool, statement: Statement, values: readonly unknown[] = []): Promise<Result<Row>> {
  refuseCrowd(pool, statement.name);
  for (let attempt = 1; ; attempt++) {
    try {
      return await run(pool, statement, values);
    } catch (error) {
      if (attempt >= STATEMENT_TRIES_MAX || !isConflict(error)) throw error;
    }
  }
}
