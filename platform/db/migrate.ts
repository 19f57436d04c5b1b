/**
 * Applies the numbered SQL files of `migrations/`, each in its own transaction, under one advisory lock, so
 * that any number of processes may start at once. After them it (re)makes what is derived from the
 * transition table: the guard that refuses an illegal move.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClientBase, QueryConfig } from 'pg';
import { AppError } from '#core/errors.ts';
import { legalMoves } from '#core/states.ts';
import { probe } from '../probes/probe.ts';
import type { Database } from './client.ts';

const FOLDER = fileURLToPath(new URL('../../migrations/', import.meta.url));
const LOCK_KEY = 0x77696e64; // "wind"
/** Another process may be migrating, and a migration may be long: the client does not give up on it. */
const PATIENCE_MS = 2 ** 31 - 1;

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

export function readMigrations(folder: string = FOLDER): readonly Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file))
    .sort()
    .map((file) => ({ version: Number(file.slice(0, 4)), name: file, sql: readFileSync(join(folder, file), 'utf8') }));
}

/** Brings the schema up to date. Returns the names of the files it applied. */
export async function migrate(db: Database): Promise<readonly string[]> {
  const client = await db.pool.connect();
  const applied: string[] = [];
  try {
    await client.query('set lock_timeout = 0; set statement_timeout = 0');
    await client.query({ text: 'select pg_advisory_lock($1)', values: [LOCK_KEY], query_timeout: PATIENCE_MS } as QueryConfig);
    await client.query(
      'create table if not exists schema_migration (version int primary key, name text not null, applied_at timestamptz not null default clock_timestamp())',
    );
    const done = new Set((await client.query<{ version: number }>('select version from schema_migration')).rows.map((row) => row.version));
    for (const migration of readMigrations()) {
      if (done.has(migration.version)) continue;
      await client.query('begin');
      await client.query({ text: migration.sql, query_timeout: PATIENCE_MS } as QueryConfig);
      probe('migrate.mid_file');
      await client.query('insert into schema_migration (version, name) values ($1, $2)', [migration.version, migration.name]);
      await client.query('commit');
      applied.push(migration.name);
      probe('migrate.between_files');
    }
    probe('migrate.before_guard');
    await renewGuard(client);
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  } finally {
    await client.query('select pg_advisory_unlock($1)', [LOCK_KEY]).catch(() => {});
    client.release(true);
  }
  return applied;
}

export interface SchemaState {
  readonly current: number;
  readonly wanted: number;
}

/** Throws SCHEMA_MISSING or SCHEMA_TOO_NEW unless this version of Windlass can work with the database. */
export async function checkSchema(db: Database): Promise<SchemaState> {
  const wanted = Math.max(...readMigrations().map((migration) => migration.version));
  const result = await db.pool
    .query<{ version: number | null }>(
      "select case when to_regclass('schema_migration') is null then null else (select max(version) from schema_migration) end as version",
    )
    .catch((error: { code?: string }) => {
      if (error.code === '42P01') return { rows: [{ version: null }] };
      throw error;
    });
  const current = result.rows[0]?.version ?? 0;
  if (current < wanted)
    throw new AppError(
      'SCHEMA_MISSING',
      `The database has schema version ${current}, this Windlass needs ${wanted}. Run: windlass db migrate`,
    );
  if (current > wanted)
    throw new AppError(
      'SCHEMA_TOO_NEW',
      `The database has schema version ${current}, newer than the ${wanted} this Windlass knows. Upgrade Windlass on this machine.`,
    );
  return { current, wanted };
}

/** Makes the guard anew when the table in core/states.ts is no longer the one it was made from: its trigger locks every writer out. */
async function renewGuard(client: ClientBase): Promise<void> {
  const moves = legalMoves()
    .map(([from, to]) => `'${from}>${to}'`)
    .join(', ');
  const wanted = createHash('sha256').update(moves).digest('hex');
  const found = await client.query<{ made_from: string | null }>(
    "select obj_description(to_regprocedure('guard_task_instance_state()'), 'pg_proc') as made_from",
  );
  if (found.rows[0]?.made_from === wanted) return;
  await client.query('begin');
  await client.query(transitionGuard(moves, wanted));
  await client.query('commit');
}

/** A row may only move along the table in core/states.ts, whoever writes it. */
function transitionGuard(moves: string, madeFrom: string): string {
  return `
    create or replace function guard_task_instance_state() returns trigger language plpgsql as $guard$
    begin
      if old.state || '>' || new.state not in (${moves}) then
        raise exception 'illegal transition % -> % of task instance %', old.state, new.state, old.task_instance_id using errcode = 'check_violation';
      end if;
      return new;
    end $guard$;
    drop trigger if exists guard_task_instance_state on task_instance;
    create trigger guard_task_instance_state before update of state on task_instance
      for each row when (old.state is distinct from new.state) execute function guard_task_instance_state();
    comment on function guard_task_instance_state() is '${madeFrom}';`;
}
