/** SQL blocks on Postgres: frames are temporary tables of the session, which go with it. */
import type { Ctx } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { beforePublish, isReporting, isTracing, reportWritten } from '#sdk/runtime/asset-writes.ts';
import type { KnownTable } from '../arrow/column-origin.ts';
import { readFrameBatches } from '../arrow/frame-file.ts';
import { frameTable } from '../arrow/frame-origin.ts';
import type { Postgres } from '../postgres/connect.ts';
import type { SqlSession } from './sql-engine.ts';
import { type FrameTables, tracedBatches } from './statement-lineage.ts';

export async function openPostgresSession(ctx: Ctx<unknown>, connection: string | undefined): Promise<SqlSession> {
  if (connection === undefined) throw new Fatal("a SQL block on postgres needs a connection: { on: 'postgres', connection: 'warehouse' }.");
  const { connectPostgres } = await import('../postgres/connect.ts');
  const { loadTemporaryTable } = await import('../postgres/load-table.ts');
  const { unloadBatches } = await import('../postgres/unload.ts');
  const { postgresTables } = await import('../postgres/known-tables.ts');
  const postgres = await connectPostgres(ctx, connection);
  const frames = new Map<string, KnownTable>();
  return {
    async register(name, frame) {
      await loadTemporaryTable(postgres.client, name, readFrameBatches(frame));
      if (isTracing()) frames.set(name, await frameTable(frame.path));
      return `pg_temp."${name}"`;
    },
    rows: (sql) => tracedBatches(unloadBatches(postgres.client, sql), sql, postgresTables(postgres.client, connection), frames),
    run: (sql) => runDescribed(postgres, sql, connection, frames),
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  };
}

/** What a statement writes by a select is told, before its transaction ends: the policy of an asset may refuse it. */
async function runDescribed(postgres: Postgres, sql: string, connectionId: string, frames: FrameTables): Promise<number | null> {
  const { readWritingStatement } = await import('./parse-select.ts');
  const { client } = postgres;
  if (!isReporting() || readWritingStatement(sql) === null) return (await client.query(sql)).rowCount;
  const { describeWriting } = await import('./describe-writing.ts');
  await client.query('begin');
  try {
    const { rowCount } = await client.query(sql);
    const writing = await describeWriting(postgres, { sql, connectionId, rowCount: rowCount ?? 0, frames });
    if (writing !== null) await beforePublish(writing);
    await client.query('commit');
    if (writing !== null) reportWritten(writing);
    return rowCount;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
