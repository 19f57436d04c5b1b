/** `windlass worker` as a real process on a world's database and broker. All are killed after each test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';
import { until } from '#test/support/until.ts';
import type { World } from './support.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/windlass.mjs', import.meta.url));
export const LEASE_TTL_MS = 2_000;
const started: ChildProcess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) {
    child.kill('SIGKILL');
    await until(() => child.exitCode !== null || child.signalCode !== null, { what: 'the worker process is gone' });
  }
});

export interface WorkerProcess {
  readonly child: ChildProcess;
  readonly workerId: string;
}

/** Starts one for this test and waits until it is registered. */
export async function startWorkerProcess(world: World): Promise<WorkerProcess> {
  const worker = await spawnWorkerProcess(world);
  started.push(worker.child);
  return worker;
}

/** The same, for as long as the caller wants: who starts it ends it. */
export async function spawnWorkerProcess(world: World, settings: Readonly<Record<string, string>> = {}): Promise<WorkerProcess> {
  const before = await workerIds(world);
  const { config, db } = world;
  const child = spawn(process.execPath, [PROGRAM, 'worker'], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      DATABASE_URL: db.url,
      ...world.testBroker.environment,
      WINDLASS_LOGS_FOLDER: config.logsFolder,
      WINDLASS_SCRATCH_FOLDER: config.scratchFolder,
      WINDLASS_LEASE_TTL_MS: String(LEASE_TTL_MS),
      WINDLASS_LEASE_RENEW_MS: '200',
      WINDLASS_WORKER_DRAIN_MS: '5000',
      WINDLASS_LOG_LEVEL: 'error',
      ...settings,
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const workerId = await until(async () => (await workerIds(world)).find((id) => !before.includes(id)), {
    what: 'the worker registers itself',
    deadlineMs: 50_000,
  });
  return { child, workerId };
}

async function workerIds(world: World): Promise<readonly string[]> {
  return (await world.db.pool.query<{ service_id: string }>(`select service_id from service where kind = 'worker'`)).rows.map(
    (row) => row.service_id,
  );
}
