/**
 * Applies the numbered SQL files of `migrations/`, each in its own transaction, under one advisory lock, so
 * that any number of processes may start at once. After them it (re)makes what is derived from the
 * transition table: the guard that refuses an illegal move. Old and new processes work side by side while a cluster is
 * upgraded, so a file only adds; one that takes away says so in a line `-- breaking: <why>`, and processes that do not
 * know it stop by themselves.
 */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClientBase, QueryConfig } from 'pg';
import { AppError } from '#core/errors.ts';
import { legalMoves, TASK_INSTANCE_STATES, type TaskInstanceState } from '#core/states.ts';
import { type Clock, systemClock } from '#platform/clock.ts';
import { probe } from '../probes/probe.ts';
import type { Database } from './client.ts';

const FOLDER = fileURLToPath(new URL('../../migrations/', import.meta.url));
const LOCK_KEY = 0x77696e64; // "wind"
/** Another process may be migrating, and a migration may be long: the client does not give up on it. */
const PATIENCE_MS = 2 ** 31 - 1;
/** Five minutes of tries: a long transaction of somebody else may hold what a file has to change. */
const LOCK_TIMEOUT_MS = 2_000;
const LOCK_PAUSE_MS = 1_000;
const LOCK_TRIES_MAX = 100;
const LOCK_NOT_AVAILABLE = '55P03';

interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
  /** Processes that do not know it cannot work with the schema after it. */
  readonly isBreaking: boolean;
}

export function readMigrations(folder: string = FOLDER): readonly Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file))
    .sort()
    .map((file) => ({ version: Number(file.slice(0, 4)), name: file, sql: readFileSync(join(folder, file), 'utf8') }))
    .map((migration) => ({ ...migration, isBreaking: /^-- breaking: \S/m.test(migration.sql) }));
}

/** Brings the schema up to date. Returns the names of the files it applied. Throws SCHEMA_TOO_NEW before it changes what it does not know. */
export async function migrate(db: Database, clock: Clock = systemClock): Promise<readonly string[]> {
  const client = await db.pool.connect();
  const applied: string[] = [];
  const step = (work: () => Promise<void>) => patiently({ client, clock, work });
  try {
    await client.query('set lock_timeout = 0; set statement_timeout = 0');
    await client.query({ text: 'select pg_advisory_lock($1)', values: [LOCK_KEY], query_timeout: PATIENCE_MS } as QueryConfig);
    await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await step(() => prepare(client));
    const there = await readApplied(client);
    const done = new Set(there.map(({ version }) => version));
    const known = readMigrations();
    refuseTooNew(there, known);
    for (const migration of known) {
      if (done.has(migration.version)) continue;
      await step(() => apply(client, migration));
      applied.push(migration.name);
      probe('migrate.between_files');
    }
    probe('migrate.before_guard');
    // A newer Windlass made its own, which knows more moves.
    const isNewest = [...done].every((version) => known.some((migration) => migration.version === version));
    if (isNewest) await step(() => renewGuard(client));
  } catch (error) {
    await client.query('rollback').catch(() => {});
    throw error;
  } finally {
    await client.query('select pg_advisory_unlock($1)', [LOCK_KEY]).catch(() => {});
    client.release(true);
  }
  return applied;
}

async function prepare(client: ClientBase): Promise<void> {
  await client.query(
    'create table if not exists schema_migration (version int primary key, name text not null, applied_at timestamptz not null default clock_timestamp())',
  );
  await client.query('alter table schema_migration add column if not exists is_breaking boolean not null default false');
}

async function apply(client: ClientBase, { version, name, sql, isBreaking }: Migration): Promise<void> {
  await client.query('begin');
  await client.query({ text: sql, query_timeout: PATIENCE_MS } as QueryConfig);
  probe('migrate.mid_file');
  await client.query('insert into schema_migration (version, name, is_breaking) values ($1, $2, $3)', [version, name, isBreaking]);
  await client.query('commit');
}

interface Step {
  readonly client: ClientBase;
  readonly clock: Clock;
  readonly work: () => Promise<void>;
}

/** Whoever waits for a lock on a table holds up all who come after it: so it waits shortly, lets them pass, and tries again. */
async function patiently({ client, clock, work }: Step): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      await client.query('rollback').catch(() => {});
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE || attempt >= LOCK_TRIES_MAX) throw error;
      await clock.sleep(LOCK_PAUSE_MS);
    }
  }
}

export interface SchemaState {
  readonly current: number;
  readonly wanted: number;
}

interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly breaks: boolean;
}

/** What this process knows: the files are read once, since it looks every few seconds whether it still fits its database. */
let headsOfOwn: readonly Omit<Migration, 'sql'>[] | null = null;

function ownMigrations(): readonly Omit<Migration, 'sql'>[] {
  headsOfOwn ??= readMigrations().map(({ version, name, isBreaking }) => ({ version, name, isBreaking }));
  return headsOfOwn;
}

/** Throws SCHEMA_MISSING or SCHEMA_TOO_NEW unless this version of Windlass can work with the database. */
export async function checkSchema(db: Pick<Database, 'pool'>): Promise<SchemaState> {
  const known = ownMigrations();
  const applied = await readApplied(db.pool);
  refuseTooNew(applied, known);
  const versions = new Set(applied.map(({ version }) => version));
  const [wanted, current] = [latest(known), latest(applied)];
  // Numbers may come out of order: what counts is what is there.
  const missing = known.filter(({ version }) => !versions.has(version));
  if (missing.length > 0)
    throw new AppError(
      'SCHEMA_MISSING',
      current < wanted
        ? `The database has schema version ${current}, this Windlass needs ${wanted}. Run: windlass db migrate`
        : `The database lacks ${missing.map(({ name }) => name).join(', ')}, which this Windlass needs. Run: windlass db migrate`,
    );
  return { current, wanted };
}

const latest = (list: readonly { readonly version: number }[]) => Math.max(0, ...list.map(({ version }) => version));

/** Before anything is said to be missing: to add it would not help, and might harm. */
function refuseTooNew(applied: readonly AppliedMigration[], known: readonly Pick<Migration, 'version'>[]): void {
  const ours = new Set(known.map(({ version }) => version));
  const breaking = applied.find(({ version, breaks }) => breaks && !ours.has(version));
  if (breaking === undefined) return;
  throw new AppError(
    'SCHEMA_TOO_NEW',
    `The database has schema version ${latest(applied)}, and ${breaking.name} in it changed what this Windlass (version ${latest(known)}) relies on. Upgrade Windlass on this machine.`,
  );
}

/** Empty when there is no schema at all. Says also of a database that an older Windlass made that nothing in it breaks. */
async function readApplied(client: Pick<ClientBase, 'query'>): Promise<readonly AppliedMigration[]> {
  try {
    const result = await client.query<AppliedMigration>(
      "select version, name, coalesce((to_jsonb(m) ->> 'is_breaking')::boolean, false) as breaks from schema_migration m order by version",
    );
    return result.rows;
  } catch (error) {
    if ((error as { code?: string }).code === '42P01') return [];
    throw error;
  }
}

/** Makes the guard anew when the table in core/states.ts is no longer the one it was made from: its trigger locks every writer out. */
async function renewGuard(client: ClientBase): Promise<void> {
  const moves = legalMoves().map(textOf);
  // The text around the moves counts, too: it is made anew when it is written otherwise.
  const wanted = createHash('sha256').update(transitionGuard(moves, '')).digest('hex');
  const found = await client.query<{ made_from: string | null }>(
    "select obj_description(to_regprocedure('guard_task_instance_state()'), 'pg_proc') as made_from",
  );
  if (found.rows[0]?.made_from === wanted) return;
  await client.query('begin');
  await client.query(transitionGuard(moves, wanted));
  await client.query('commit');
}

/** What nearly every instance does: these ask nobody. */
const ORDINARY_MOVES: readonly (readonly [TaskInstanceState, TaskInstanceState])[] = [
  ['none', 'scheduled'],
  ['none', 'queued'],
  ['scheduled', 'queued'],
  ['queued', 'running'],
  ['running', 'success'],
];

/**
 * A row has a state of the table in core/states.ts and moves along it, whoever writes it, and what runs already is not claimed
 * again. Each statement reads a trigger's condition anew, as text, so it is short: it names the ordinary moves, and others call the function.
 */
function transitionGuard(moves: readonly string[], madeFrom: string): string {
  const ordinary = ORDINARY_MOVES.map(textOf).filter((move) => moves.includes(move));
  return `
    create or replace function guard_task_instance_state() returns trigger language plpgsql as $guard$
    begin
      if tg_op = 'INSERT' then
        if new.state not in (${TASK_INSTANCE_STATES.map(quoted).join(', ')}) then
          raise exception 'there is no state %', new.state using errcode = 'check_violation';
        end if;
      elsif old.state = new.state then
        if new.state = 'running' and new.lease_epoch <> old.lease_epoch then
          raise exception 'task instance % runs already, under the lease %', old.task_instance_id, old.lease_epoch using errcode = 'check_violation';
        end if;
      elsif old.state || '>' || new.state not in (${moves.map(quoted).join(', ')}) then
        raise exception 'illegal transition % -> % of task instance %', old.state, new.state, old.task_instance_id using errcode = 'check_violation';
      end if;
      return new;
    end $guard$;
    drop trigger if exists guard_task_instance_state on task_instance;
    create trigger guard_task_instance_state before update of state on task_instance
      for each row when (old.state || '>' || new.state not in (${ordinary.map(quoted).join(', ')})) execute function guard_task_instance_state();
    drop trigger if exists guard_new_task_instance on task_instance;
    create trigger guard_new_task_instance before insert on task_instance
      for each row when (new.state <> 'none') execute function guard_task_instance_state();
    comment on function guard_task_instance_state() is '${madeFrom}';`;
}

function textOf([from, to]: readonly [TaskInstanceState, TaskInstanceState]): string {
  return `${from}>${to}`;
}

function quoted(word: string): string {
  return `'${word}'`;
}
