/** SQL blocks on Postgres: frames are temporary tables of the session, which go with it. */
import type { Ctx } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { beforePublish, isReporting, reportWritten } from '#sdk/runtime/asset-writes.ts';
import { readFrameBatches } from '../arrow/frame-file.ts';
import type { Postgres } from '../postgres/connect.ts';
import type { SqlSession } from './sql-engine.ts';

export async function openPostgresSession(ctx: Ctx<unknown>, connection: string | undefined): Promise<SqlSession> {
  if (connection === undefined) throw new Fatal("a SQL block on postgres needs a connection: { on: 'postgres', connection: 'warehouse' }.");
  const { connectPostgres } = await import('../postgres/connect.ts');
  const { loadTemporaryTable } = await import('../postgres/load-table.ts');
  const postgres = await connectPostgres(ctx, connection);
  return {
    async register(name, frame) {
      await loadTemporaryTable(postgres.client, name, readFrameBatches(frame));
      return `pg_temp."${name}"`;
    },
    rows: (sql) => postgres.batches(sql),
    run: (sql) => runDescribed(postgres, sql, connection),
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  };
}

/** What a statement writes by a select is told, before its transaction ends: the policy of an asset may refuse it. */
async function runDescribed(postgres: Postgres, sql: string, connection: string): Promise<number | null> {
  const { readWritingStatement } = await import('./parse-select.ts');
  const { client } = postgres;
  if (!isReporting() || readWritingStatement(sql) === null) return (await client.query(sql)).rowCount;
  const { describeWriting } = await import('./describe-writing.ts');
  await client.query('begin');
  try {
    const { rowCount } = await client.query(sql);
    const writing = await describeWriting(postgres, sql, connection, rowCount ?? 0);
    if (writing !== null) await beforePublish(writing);
    await client.query('commit');
    if (writing !== null) reportWritten(writing);
    return rowCount;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
