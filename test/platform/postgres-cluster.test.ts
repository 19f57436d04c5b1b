// Goal: the embedded Postgres never harms a data folder, and says what is wrong with one. Method: real binaries on
// folders in every state that a crash, a full disk or a person can leave behind.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { openDatabase } from '#platform/db/client.ts';
import { openDataSecrets, placePostgres } from '#platform/embedded/data-folder.ts';
import { lockDataFolder } from '#platform/embedded/instance-lock.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '#platform/embedded/postgres.ts';
import { findPostgresBinaries } from '#platform/embedded/postgres-binaries.ts';
import { isAlive } from '#platform/embedded/process-identity.ts';
import { canTraverse, unprivilegedUser } from '#platform/embedded/unprivileged-user.ts';
import { quietLogger } from '#platform/logger.ts';
import { until } from '#test/support/until.ts';

const onShm = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(onShm, 'windlass-cluster-'));
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(dataFolder = folder): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataFolder, secrets: openDataSecrets(dataFolder), clock: systemClock, logger: quietLogger() });
}

async function ask(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const db = openDatabase({ url, applicationName: 'test', logger: quietLogger(), maxConnections: 1 });
  try {
    return (await db.pool.query(sql)).rows as Record<string, unknown>[];
  } finally {
    await db.close();
  }
}

const filesIn = (path: string) => readdirSync(path, { recursive: true, encoding: 'utf8' }).sort();

describe('a new data folder', () => {
  test('gets two databases, and the warehouse role may enter only its own', async () => {
    const postgres = await start();
    expect(await ask(postgres.databaseUrl, 'select current_database() as name')).toEqual([{ name: 'windlass' }]);
    await ask(postgres.warehouseUrl, 'create table mine (n int)');
    const intruder = new URL(postgres.warehouseUrl);
    intruder.pathname = '/windlass';
    await expect(ask(intruder.href, 'select 1')).rejects.toThrow(/permission denied for database/);
    const stranger = new URL(postgres.databaseUrl);
    stranger.password = 'wrong';
    await expect(ask(stranger.href, 'select 1')).rejects.toThrow(/password authentication failed/);
    await postgres.stop();

    const again = await start();
    expect(again.isNew).toBe(false);
    expect(await ask(again.warehouseUrl, 'select count(*)::int as n from mine')).toEqual([{ n: 0 }]);
    await again.stop();
  });

  test('begun by a start that was killed in the middle is made again', async () => {
    mkdirSync(join(folder, 'postgres.initializing/base'), { recursive: true });
    writeFileSync(join(folder, 'postgres.initializing/PG_VERSION'), '18\n');
    const postgres = await start();
    expect(postgres.isNew).toBe(true);
    await postgres.stop();
    expect(existsSync(join(folder, 'postgres.initializing'))).toBe(false);
  });
});

describe('a data folder that cannot be right', () => {
  test.for([
    [
      'half-written',
      ['PG_VERSION', 'base/1'],
      /is not a complete Postgres data folder: global\/pg_control, .* are missing. Nothing was changed.*mv .*postgres .*postgres\.broken/,
    ],
    ['somebody else’s', ['thesis.txt'], /is not a complete Postgres data folder/],
  ] as const)('%s is refused and left as it is', async ([, files, message]) => {
    openDataSecrets(folder);
    for (const file of files) {
      mkdirSync(join(folder, 'postgres', file, '..'), { recursive: true });
      writeFileSync(join(folder, 'postgres', file), '18\n');
    }
    const before = filesIn(join(folder, 'postgres'));
    await expect(start()).rejects.toMatchObject({ code: 'DATA_FOLDER_BROKEN', message: expect.stringMatching(message) });
    expect(filesIn(join(folder, 'postgres'))).toEqual(before);
  });

  test('of another version of Postgres is refused', async () => {
    await (await start()).stop();
    writeFileSync(join(folder, 'postgres/PG_VERSION'), '14\n');
    await expect(start()).rejects.toMatchObject({
      code: 'DATA_FOLDER_BROKEN',
      message: expect.stringMatching(/made by Postgres 14, but this Windlass brings Postgres 18/),
    });
  });

  test('without its secrets, or with another’s, is refused', async () => {
    await (await start()).stop();
    renameSync(join(folder, 'secrets.json'), join(folder, 'kept.json'));
    expect(() => openDataSecrets(folder)).toThrow(/secrets\.json, which holds its password and key, is missing. Nothing was changed/);
    const kept = JSON.parse(readFileSync(join(folder, 'kept.json'), 'utf8')) as Record<string, string>;
    writeFileSync(join(folder, 'secrets.json'), JSON.stringify({ ...kept, postgresPassword: 'another' }));
    await expect(start()).rejects.toMatchObject({
      code: 'DATA_FOLDER_BROKEN',
      message: expect.stringMatching(/is not that of the database/),
    });
    writeFileSync(join(folder, 'secrets.json'), '{"torn');
    expect(() => openDataSecrets(folder)).toThrow(/secrets\.json cannot be read/);
  });

  test('with a damaged control file is refused with the log’s reason', async () => {
    await (await start()).stop();
    const control = join(folder, 'postgres/global/pg_control');
    writeFileSync(control, Buffer.alloc(readFileSync(control).length));
    await expect(start()).rejects.toMatchObject({
      code: 'DATA_FOLDER_BROKEN',
      message: expect.stringMatching(/did not start on .*: .*(checksum|control file|FATAL|PANIC)/),
    });
  });
});

describe('a server that was left running', () => {
  test('is stopped, and the data is taken over', async () => {
    const first = await start();
    await ask(first.databaseUrl, 'create table kept (n int)');
    const second = await start(); // as after a kill -9 of its parent whose guard was killed too
    expect(await ask(second.databaseUrl, 'select count(*)::int as n from kept')).toEqual([{ n: 0 }]);
    await first.ended;
    await second.stop();
  });

  test('a pid file that names a stranger’s process is not believed', async () => {
    await (await start()).stop();
    const stranger = spawn('/bin/sleep', ['60']);
    writeFileSync(
      join(folder, 'postgres/postmaster.pid'),
      `${stranger.pid}\n${join(folder, 'postgres')}\n1\n5432\n\n127.0.0.1\n\nready   \n`,
    );
    const postgres = await start();
    expect(await ask(postgres.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(isAlive(stranger.pid as number)).toBe(true);
    await postgres.stop();
    stranger.kill();
  });

  test('killed hard, it recovers what was committed', async () => {
    const first = await start();
    await ask(first.databaseUrl, 'create table kept as select 7 as n');
    const pid = Number(readFileSync(join(folder, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);
    process.kill(pid, 'SIGKILL');
    await first.ended;
    const second = await start();
    expect(await ask(second.databaseUrl, 'select n from kept')).toEqual([{ n: 7 }]);
    await second.stop();
  });
});

describe('the lock of a data folder', () => {
  test('is held by one living process', async () => {
    const lock = lockDataFolder(folder, systemClock);
    expect(() => lockDataFolder(folder, systemClock)).toThrow(new RegExp(`process ${process.pid} uses the data folder ${folder}`));
    lock.release();
    lockDataFolder(folder, systemClock).release();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('left by a dead process, by a reused pid, or torn, is taken over', async () => {
    const dead = spawn('/bin/true');
    await until(() => dead.exitCode !== null, { what: 'the process has ended' });
    const here = (await import('node:os')).hostname();
    for (const left of [
      JSON.stringify({ pid: dead.pid, start: '1', host: here }),
      JSON.stringify({ pid: process.pid, start: '1', host: here }),
      '{"pid": 12',
      '',
    ]) {
      writeFileSync(join(folder, 'windlass.lock'), left);
      lockDataFolder(folder, systemClock).release();
    }
  });

  test('of another host counts while it is touched', async () => {
    const now = Date.now();
    writeFileSync(join(folder, 'windlass.lock'), JSON.stringify({ pid: 1, start: '1', host: 'elsewhere' }));
    expect(() => lockDataFolder(folder, systemClock)).toThrow(/process 1 on elsewhere/);
    lockDataFolder(folder, { ...systemClock, now: () => now + 120_000 }).release();
  });
});

describe('a project that only root may enter', () => {
  test('keeps its data and a copy of the binaries where the unprivileged user may go', async ({ skip }) => {
    skip(process.getuid?.() !== 0, 'only root has the problem that these solve');
    chmodSync(folder, 0o700);
    const user = unprivilegedUser();
    expect(canTraverse(folder, user)).toBe(false);
    const place = placePostgres(folder, `test-${process.pid}`, user);
    expect(place).toMatchObject({ elsewhere: true, folder: `/var/lib/windlass/test-${process.pid}` });
    expect(placePostgres(folder, `test-${process.pid}`, user)).toEqual(place);
    rmSync(place.folder, { recursive: true });
    expect(canTraverse(findPostgresBinaries(user, place.binariesFolder).folder, user)).toBe(true);
  });
});
