/** SQL blocks on Postgres: frames are temporary tables of the session, which go with it. */
import type { Ctx } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { readFrameBatches } from '../arrow/frame-file.ts';
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
    run: async (sql) => (await postgres.client.query(sql)).rowCount,
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  };
}
