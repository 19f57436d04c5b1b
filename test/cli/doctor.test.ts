// Goal: `windlass doctor` says what is wrong and what to do about it. Method: its checks over real values, and the real bin on a
// database of its own, healthy and with faults planted.
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { agreedSettings } from '#platform/config/agreed-settings.ts';
import { Secret } from '#platform/config/config.ts';
import type { OpenService } from '#platform/db/queries/care/list-open-services.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { makeProject, windlass } from '#test/support/windlass-process.ts';
import type { Finding } from '../../cli/doctor/finding.ts';
import { checkConnections, checkProcesses, checkSkew } from '../../cli/doctor/servers.ts';
import { checkAgreement, checkDisks, checkLeases } from '../../cli/doctor/settings.ts';

// Each command is a process of its own: seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const config = testConfig();
const service = (kind: string, change: Partial<OpenService> = {}): OpenService => ({
  serviceId: kind,
  kind,
  hostname: 'host',
  pid: 7,
  version: '1',
  silentMs: 100,
  queues: null,
  settings: agreedSettings(config),
  ...change,
});

describe('the checks', () => {
  test('of the clock speak up from a second on, and say who is late', () => {
    expect(checkSkew(200).health).toBe('ok');
    expect(checkSkew(-2_500)).toMatchObject({ health: 'warning', words: 'this machine is 2.5 s ahead of Postgres' });
    expect(checkSkew(60_000)).toMatchObject({ health: 'problem', words: 'this machine is 1 min behind Postgres' });
  });

  test('of the leases find settings that do not fit together', () => {
    expect(checkLeases(config).health).toBe('ok');
    const odd = checkLeases({ ...config, taskKillGraceMs: 60_000, leaseGraceMs: 10 });
    expect(odd.health).toBe('warning');
    expect(odd.details).toHaveLength(2);
  });

  test('of the connections warn before there are too few', () => {
    expect(checkConnections({ connections: 20, connectionsMax: 97 }, 6).health).toBe('ok');
    expect(checkConnections({ connections: 20, connectionsMax: 97 }, 12)).toMatchObject({
      health: 'warning',
      next: expect.stringContaining('max_connections of Postgres to 200') as string,
    });
    expect(checkConnections({ connections: 95, connectionsMax: 97 }, 1).health).toBe('problem');
  });

  test('of the disks look at the nearest folder that is there', () => {
    expect(checkDisks({ ...config, logsFolder: '/proc/windlass/logs' }).map((found) => found.health)[1]).not.toBe('ok');
    expect(checkDisks(config).map((found) => found.check)).toEqual(['data folder', 'logs folder', 'scratch folder']);
  });

  test('of the processes name who is missing, and who died without a word', () => {
    const all = ['scheduler', 'dag_processor', 'worker', 'triggerer', 'webserver'].map((kind) => service(kind));
    expect(checkProcesses(all, config).map((found) => found.health)).toEqual(['ok', 'ok']);
    const [processes, deaths] = checkProcesses([service('scheduler'), service('worker', { silentMs: 3_600_000 })], config);
    expect(processes?.words).toBe('1 scheduler; there is no dag_processor, no worker, no triggerer, no webserver');
    expect(deaths).toMatchObject({ health: 'warning', details: ['worker host:7, silent for 1 h'] });
  });

  test('of the agreement name the setting, its values and who has them, and never show a key', () => {
    expect(checkAgreement([service('scheduler'), service('worker')]).health).toBe('ok');
    const other = agreedSettings({ ...config, leaseTtlMs: 60_000, secretKey: new Secret('another-secret-key-of-32-characters!') });
    const found = checkAgreement([service('scheduler'), service('worker', { settings: other })]);
    expect(found.health).toBe('problem');
    expect(found.details?.[0]).toBe('WINDLASS_LEASE_TTL_MS: 30000 (scheduler host:7) or 60000 (worker host:7)');
    expect(found.details?.[1]).toMatch(/^WINDLASS_SECRET_KEY: #[0-9a-f]{6} \(scheduler host:7\) or #[0-9a-f]{6} \(worker host:7\)$/);
    expect(checkAgreement([service('scheduler'), service('worker', { version: '2' })]).health).toBe('warning');
  });
});

describe('windlass doctor', () => {
  let database: TestDatabase;
  let folder: string;

  beforeAll(async () => {
    database = await createDatabase();
    folder = makeProject();
  });
  afterAll(async () => {
    await database.drop();
    rmSync(folder, { recursive: true });
  });
  const doctor = (...args: string[]) => windlass(['doctor', ...args], { folder, environment: { DATABASE_URL: database.url } });

  test('finds no problem in a fresh database', async () => {
    const { stdout, code, stderr } = await doctor();
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\[✓\] schema +version \d+, as it should be$/m);
    expect(stdout).toMatch(/^\[!\] processes +no process runs; .*\n {4}→ Start what is missing/m);
    expect(stdout).toMatch(/^\[✓\] invariants +all \d+ hold/m);
    expect(stdout).toMatch(/\n\n2 warnings in \d+ checks\.\n$/);
    expect(code).toBe(0);
  });

  test('exits with 1 and names the rows when a promise is broken', async () => {
    await database.db.pool.query(`
      insert into dag (dag_id, file_path, is_paused, shard) values ('d', 'd.ts', false, 0);
      insert into dag_bundle (hash, code) values ('none', '');
      insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path)
        values ('00000000-0000-7000-8000-000000000001', 'd', 1, 'h', 'none', '{"tasks": []}', '', 'd.ts');
      insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by, queued_at)
        values (new_id(), 'd', 'lonely', 'manual', 'queued', '00000000-0000-7000-8000-000000000001', 0, now(), 'test', now() - interval '1 hour')`);
    const { stdout, code } = await doctor('--json');
    const found = (JSON.parse(stdout) as Finding[]).filter((one) => one.health === 'problem');
    expect(found).toMatchObject([{ check: 'L1', details: ['d lonely: is queued; nobody has looked after its share of the DAGs yet'] }]);
    expect(code).toBe(1);
  });

  test('takes a database that is away, and a mistyped setting, as findings', async () => {
    const away = await windlass(['doctor'], { folder, environment: { DATABASE_URL: 'postgres://127.0.0.1:1/none' } });
    expect(away.stdout).toMatch(/^\[✗\] database +The database cannot be reached: .*\n {4}→ Start Postgres there.*Check DATABASE_URL/m);
    expect(away.stdout).toMatch(/^\[✓\] leases/m);
    expect(away.code).toBe(1);
    const typed = await windlass(['doctor'], { folder, environment: { WINDLASS_LEASE_TTL_MS: '6000' } });
    expect(typed.stdout).toMatch(/^\[✗\] settings +WINDLASS_LEASE_TTL_MS \(6000\) must be at least three times/m);
    expect(typed.code).toBe(1);
  });

  test('tells a database without its schema what to run', async () => {
    await database.db.pool.query('delete from schema_migration where version > 1');
    const { stdout, code } = await doctor();
    expect(stdout).toMatch(/^\[✗\] schema +The database has schema version 1, this Windlass needs \d+\n {4}→ Run: windlass db migrate$/m);
    expect(code).toBe(1);
  });
});
