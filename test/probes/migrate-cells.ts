/** A migrator that is hit, and one after it: in the end the schema is the one that every other database has. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openDatabase } from '#platform/db/client.ts';
import { quietLogger } from '#platform/logger.ts';
import { createDatabase } from '#test/support/postgres.ts';
import { until } from '#test/support/until.ts';
import { cleanEnvironment } from '#test/support/windlass-process.ts';
import { BIN, PRELOAD } from './cluster.ts';
import { ACTIONS, isChosen } from './matrix.ts';

const END_MS = 120_000;
const PROBES = ['migrate.mid_file', 'migrate.between_files', 'migrate.before_guard'] as const;

export const MIGRATE_CELLS = ACTIONS.flatMap((action) => PROBES.map((probe) => ({ probe, action }))).filter(isChosen);

const SCHEMA = `
select string_agg(t, E'\\n' order by t) as text from (
  select table_name || '.' || column_name || ' ' || data_type || ' ' || coalesce(column_default, '') || ' ' || is_nullable as t
    from information_schema.columns where table_schema = 'public'
  union all select indexdef from pg_indexes where schemaname = 'public'
  union all select tgname || ' ' || pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
  union all select 'applied ' || name from schema_migration) x`;

export async function migrate({ probe, action }: (typeof MIGRATE_CELLS)[number]): Promise<void> {
  const whole = await createDatabase();
  const wanted = await schemaOf(whole.url);
  // An empty one: everything is taken away again.
  await whole.db.pool.query('drop schema public cascade; create schema public');
  const folder = mkdtempSync(join(tmpdir(), 'windlass-migrator-'));
  const started: ChildProcess[] = [];
  try {
    for (const name of ['armed', 'reached']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'armed', probe), action);
    const start = () => {
      const child = migrator(folder, whole.url);
      started.push(child);
      return child;
    };
    const first = start();
    await until(() => !existsSync(join(folder, 'armed', probe)), { what: `a migrator gets to ${probe}`, deadlineMs: END_MS });
    expect(readdirSync(join(folder, 'reached'))).toEqual([`${probe}.${first.pid}`]);
    const second = start();
    // The one that stands still holds the lock: the other waits for it, whatever it takes.
    if (action === 'pause') {
      await until(
        async () => (await whole.db.pool.query(`select 1 from pg_locks where locktype = 'advisory' and not granted`)).rowCount === 1,
        {
          what: 'the second one waits',
          deadlineMs: END_MS,
        },
      );
      first.kill('SIGCONT');
    }
    const codes = [await endOf(first), await endOf(second)];
    expect(codes).toEqual([action === 'pause' ? 0 : action === 'kill' ? 'SIGKILL' : 1, 0]);
    expect(await schemaOf(whole.url)).toBe(wanted);
  } finally {
    for (const child of started) child.kill('SIGKILL');
    await whole.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function schemaOf(url: string): Promise<string | undefined> {
  const db = openDatabase({ url, applicationName: 'test:schema', logger: quietLogger(), maxConnections: 1 });
  const { rows } = await db.pool.query<{ text: string }>(SCHEMA);
  await db.close();
  return rows[0]?.text;
}

function migrator(folder: string, url: string): ChildProcess {
  return spawn(process.execPath, ['--import', PRELOAD, BIN, 'db', 'migrate'], {
    cwd: folder,
    env: cleanEnvironment({ DATABASE_URL: url, WINDLASS_ADMIN_PASSWORD: 'admin-password', PROBE_FOLDER: folder }),
    stdio: 'ignore',
  });
}

async function endOf(child: ChildProcess): Promise<string | number | null> {
  await until(() => child.exitCode !== null || child.signalCode !== null, { what: 'the migrator has ended', deadlineMs: END_MS });
  return child.signalCode ?? child.exitCode;
}
