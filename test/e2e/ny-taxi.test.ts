/**
 * The main job as a user has it: a Windlass from nothing with the taxi DAG in its folder. Its first run comes by itself;
 * others are triggered over the API; what counts is the table, read by SQL, and the logs.
 */
import { readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '#test/support/until.ts';
import { openPostgres, type Postgres } from '../../providers/postgres/index.ts';
import { writeTaxiTrips } from '../../providers/sample-data/index.ts';
import { connectionFromUrl } from '../providers/postgres-connection.ts';
import { type Standalone, startStandalone } from './standalone-process.ts';

interface Run {
  readonly dag_run_id: string;
  readonly state: string;
}
interface TaskInstance {
  readonly task_id: string;
  readonly state: string | null;
  readonly try_number: number;
}

const RUNS = '/api/v2/dags/ny_taxi/dagRuns';
const RUN_DEADLINE_MS = 60_000;

let windlass: Standalone;
let warehouse: Postgres;

beforeAll(async () => {
  windlass = await startStandalone({ dagFiles: [new URL('../../dags/ny_taxi.ts', import.meta.url).pathname] });
  warehouse = await openPostgres(connectionFromUrl(windlass.runFile().warehouseUrl));
}, 90_000);
afterAll(async () => {
  await warehouse?.close();
  await windlass?.remove();
}, 60_000);

const runPath = (run: Run) => `${RUNS}/${encodeURIComponent(run.dag_run_id)}`;

async function ended(run: Run): Promise<Run> {
  return until(
    async () => {
      const now = await windlass.api<Run>('GET', runPath(run));
      return ['success', 'failed'].includes(now.state) && now;
    },
    { what: `${run.dag_run_id} has ended`, deadlineMs: RUN_DEADLINE_MS, pollMs: 100 },
  );
}

const trigger = (conf: object) => windlass.api<Run>('POST', RUNS, { conf, logical_date: null });

async function states(run: Run): Promise<Record<string, string | null>> {
  const { task_instances } = await windlass.api<{ task_instances: TaskInstance[] }>('GET', `${runPath(run)}/taskInstances`);
  return Object.fromEntries(task_instances.map((task) => [task.task_id, task.state]));
}

async function logText(run: Run, taskId: string): Promise<string> {
  const { content } = await windlass.api<{ content: unknown[] }>('GET', `${runPath(run)}/taskInstances/${taskId}/logs/1`);
  return content.map((line) => (typeof line === 'string' ? line : (line as { event: string }).event)).join('\n');
}

async function tableRows(): Promise<unknown> {
  const [found] = await warehouse.query('select count(*) as rows, min(passenger_count) as fewest from ny_taxi.yellow_cab_data');
  return found;
}

it('runs once by itself, offline, and leaves the table', { timeout: 90_000 }, async () => {
  const first = await until(async () => (await windlass.api<{ dag_runs: Run[] }>('GET', RUNS).catch(() => null))?.dag_runs[0], {
    what: 'the first run exists',
    deadlineMs: RUN_DEADLINE_MS,
    pollMs: 100,
  });
  expect(await ended(first)).toMatchObject({ state: 'success' });
  expect(await states(first)).toEqual({ extract: 'success', transform: 'success', load: 'success', verify: 'success' });
  expect(await tableRows()).toEqual({ rows: 18_193, fewest: 1 });
  expect(await logText(first, 'extract')).toContain('no url given: making up 20,000 trips (seed 2021)');
  expect(await logText(first, 'transform')).toContain('dropped 371 with zero passengers and 1,436 without a passenger count');
  expect(await logText(first, 'load')).toMatch(/loaded 18,193 rows into ny_taxi\.yellow_cab_data in [\d.]+ s/);
  expect(await logText(first, 'verify')).toContain('verified 18,193 rows and 18 columns by SQL: no trip without passengers');
});

it('takes a URL, and replaces the table', { timeout: 90_000 }, async () => {
  const { server, url, rows } = await serveTrips();
  const run = await ended(await trigger({ url }));
  server.close();
  expect(run.state).toBe('success');
  expect(await tableRows()).toEqual({ rows, fewest: 1 });
});

it('fails at once on a URL that is not there, says so in the log, and leaves the table alone', { timeout: 90_000 }, async () => {
  const before = await tableRows();
  const { server, url } = await serveTrips();
  const run = await ended(await trigger({ url: `${url}.absent` }));
  server.close();
  expect(run.state).toBe('failed');
  expect(await states(run)).toEqual({
    extract: 'failed',
    transform: 'upstream_failed',
    load: 'upstream_failed',
    verify: 'upstream_failed',
  });
  expect(await logText(run, 'extract')).toContain('the server answered 404 Not Found. Check the URL.');
  expect(await tableRows()).toEqual(before);
});

it('refuses params of the wrong type, and params it does not know', async () => {
  const refused = (conf: object) => windlass.api<{ detail: string }>('POST', RUNS, { conf, logical_date: null }, 400);
  expect(JSON.stringify(await refused({ rows: 'many' }))).toContain('rows');
  expect(JSON.stringify(await refused({ row: 5 }))).toContain('row');
});

it('stops cleanly', { timeout: 60_000 }, async () => {
  await warehouse.close();
  expect(await windlass.stop()).toBe(0);
  expect(windlass.output()).toContain('Stopped.');
});

async function serveTrips(): Promise<{ server: Server; url: string; rows: number }> {
  const path = join(tmpdir(), `windlass-e2e-trips-${process.pid}.csv.gz`);
  const made = await writeTaxiTrips(path, { rows: 3000, seed: 5 });
  const file = await readFile(path);
  await rm(path);
  const server = createServer((request, response) => {
    if (request.url === '/trips.csv.gz') response.end(file);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/trips.csv.gz`;
  return { server, url, rows: made.rows - made.zeroPassengerRows - made.incompleteRows };
}
