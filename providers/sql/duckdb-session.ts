/** SQL blocks on DuckDB: in memory, or in the database file of a connection. */
import type { Ctx } from '#sdk/context.ts';
import { readFrameBatches } from '../arrow/frame-file.ts';
import type { SqlSession } from './sql-engine.ts';

export async function openDuckdbSession(ctx: Ctx<unknown>, connection: string | undefined): Promise<SqlSession> {
  const { connectDuckdb, openDuckdb } = await import('../duckdb/duckdb.ts');
  const duckdb = connection === undefined ? await openDuckdb() : await connectDuckdb(ctx, connection);
  return {
    async register(name, frame) {
      await duckdb.register(name, readFrameBatches(frame), { temporary: true });
      return `"${name}"`;
    },
    rows: (sql) => duckdb.batches(sql),
    run: (sql) => duckdb.run(sql),
    [Symbol.asyncDispose]: () => duckdb[Symbol.asyncDispose](),
  };
}
