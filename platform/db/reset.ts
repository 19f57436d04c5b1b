/** Empties the database for `windlass db reset`. */
import { AppError } from '#core/errors.ts';
import type { Database } from './client.ts';

/**
 * Drops the schema `public` and whatever is in it, after checking that it is Windlass's: a mistyped
 * DATABASE_URL must not empty another application's database. Processes that run meanwhile fail and restart.
 */
export async function resetSchema(db: Database): Promise<void> {
  const client = await db.pool.connect();
  try {
    await client.query('set lock_timeout = 0; set statement_timeout = 0');
    const found = await client.query<{ ours: boolean; tables: number }>(
      `select to_regclass('public.schema_migration') is not null and to_regclass('public.task_instance') is not null as ours,
              (select count(*)::int from pg_tables where schemaname = 'public') as tables`,
    );
    const { ours, tables } = found.rows[0] as { ours: boolean; tables: number };
    if (!ours && tables > 0)
      throw new AppError(
        'BAD_REQUEST',
        `This database has ${tables} tables that are not Windlass's. Nothing was removed. Check DATABASE_URL.`,
      );
    await client.query('drop schema public cascade; create schema public');
  } finally {
    client.release(true);
  }
}
