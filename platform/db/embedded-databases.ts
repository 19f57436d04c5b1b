/**
 * Databases of the embedded Postgres: our own, and `warehouse`, where the users' tasks may write. The
 * warehouse's role cannot even connect to ours. Called by standalone after each start; idempotent.
 */
import { AppError } from '#core/errors.ts';
import type { Database } from './client.ts';

const NAME = /^[a-z][a-z0-9_]{0,30}$/;

/** `admin` is connected as the superuser to the database `postgres`. Takes no locks that others wait for. */
export async function ensureDatabase(admin: Database, name: string): Promise<void> {
  if (!NAME.test(name)) throw new AppError('BAD_REQUEST', `${JSON.stringify(name)} is no name for a database.`);
  const found = await admin.pool.query('select 1 from pg_database where datname = $1', [name]);
  if (found.rowCount === 0) await admin.pool.query(`create database ${name}`);
  await admin.pool.query(`revoke all on database ${name} from public`);
}

/** A role that owns the database of its own name and may enter no other. */
export async function ensureOwner(admin: Database, name: string, password: string): Promise<void> {
  if (!NAME.test(name)) throw new AppError('BAD_REQUEST', `${JSON.stringify(name)} is no name for a role.`);
  const found = await admin.pool.query('select 1 from pg_roles where rolname = $1', [name]);
  const literal = `'${password.replaceAll("'", "''")}'`;
  await admin.pool.query(`${found.rowCount === 0 ? 'create' : 'alter'} role ${name} login nosuperuser password ${literal}`);
  await admin.pool.query(`alter database ${name} owner to ${name}`);
}

/** A copy of a database nobody is connected to, in about 0.1 s. For tests. */
export async function copyDatabase(admin: Database, template: string, name: string): Promise<void> {
  await admin.pool.query(`create database ${name} template ${template}`);
}

/** Ends its sessions too. */
export async function dropDatabase(admin: Database, name: string): Promise<void> {
  await admin.pool.query(`drop database if exists ${name} with (force)`);
}
