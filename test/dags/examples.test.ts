/**
 * Every DAG file that is shipped runs to success with nothing but a warehouse, by `windlass dags test`, and says what
 * it claims to show.
 */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const FILES = readdirSync(join(ROOT, 'dags')).filter((name) => name.endsWith('.ts'));

interface TestedRun {
  readonly state: string;
  readonly task_instances: readonly { readonly task_id: string; readonly map_index: number; readonly state: string }[];
}

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'windlass-examples-'));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

async function testDag(file: string, conf: object = {}): Promise<TestedRun> {
  const args = [join(ROOT, 'bin/windlass.mjs'), 'dags', 'test', join(ROOT, 'dags', file), '--json', '--conf', JSON.stringify(conf)];
  const env = { PATH: process.env['PATH'], HOME: folder, WINDLASS_DATA_FOLDER: folder, WINDLASS_CONN_WAREHOUSE: database.url };
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: folder });
  return JSON.parse(stdout) as TestedRun;
}

it.each(FILES)('%s succeeds', async (file) => {
  const run = await testDag(file);
  expect(run.state).toBe('success');
  expect(run.task_instances.length).toBeGreaterThan(1);
});

it('weather_report.ts waits, maps over four stations and takes one of two ways', async () => {
  const states = (run: TestedRun) => Object.fromEntries(run.task_instances.map((task) => [task.task_id, task.state]));
  const stormy = await testDag('weather_report.ts', { readyAfterSeconds: 0 });
  expect(stormy.task_instances.filter((task) => task.task_id === 'summarise')).toHaveLength(4);
  expect(states(stormy)).toMatchObject({ warn: 'success', reassure: 'skipped', publish: 'success' });
  const calm = await testDag('weather_report.ts', { readyAfterSeconds: 0, stormKmh: 500 });
  expect(states(calm)).toMatchObject({ warn: 'skipped', reassure: 'success', publish: 'success' });
});
