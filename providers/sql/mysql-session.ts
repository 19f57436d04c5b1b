/** SQL blocks on MySQL and MariaDB: frames are temporary tables of the session, which go with it. */
import type { Ctx } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { isTracing } from '#sdk/runtime/asset-writes.ts';
import type { KnownTable } from '../arrow/column-origin.ts';
import { readFrameBatches } from '../arrow/frame-file.ts';
import { frameTable } from '../arrow/frame-origin.ts';
import type { SqlSession } from './sql-engine.ts';

export async function openMysqlSession(ctx: Ctx<unknown>, connection: string | undefined): Promise<SqlSession> {
  if (connection === undefined) throw new Fatal("a SQL block on mysql needs a connection: { on: 'mysql', connection: 'shop' }.");
  const { connectMysql } = await import('../mysql/connect.ts');
  const { loadTemporaryTable } = await import('../mysql/load-table.ts');
  const mysql = await connectMysql(ctx, connection);
  const frames = new Map<string, KnownTable>();
  return {
    async register(name, frame) {
      await loadTemporaryTable(mysql.client, name, readFrameBatches(frame));
      if (isTracing()) frames.set(name, await frameTable(frame.path));
      return `\`${name}\``;
    },
    rows: (sql) => mysql.batches(sql, frames),
    run: (sql) => mysql.run(sql, frames),
    [Symbol.asyncDispose]: () => mysql[Symbol.asyncDispose](),
  };
}
