/** Goal: a triggerer that is killed loses nothing. Method: `windlass triggerer` as real processes, killed with SIGKILL while waits are in flight. */
import { type ChildProcess, spawn } from 'node:child_process';
import { afterAll, expect, it, vi } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { BIN } from '#test/support/process-tree.ts';
import { until } from '#test/support/until.ts';
import { cleanEnvironment } from '#test/support/windlass-process.ts';
import { database, sql, startRun, testBroker } from '../scheduler/engine-harness.ts';
import { config, defer, waiters } from './harness.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

function triggererProcess(): ChildProcess {
  const child = spawn(process.execPath, [BIN, 'triggerer'], {
    cwd: config.dataFolder,
    env: cleanEnvironment({
      DATABASE_URL: database.url,
      ...testBroker.environment,
      WINDLASS_SECRET_KEY: config.secretKey.reveal(),
      WINDLASS_LOGS_FOLDER: config.logsFolder,
      WINDLASS_SERVICE_HEARTBEAT_MS: '300',
      WINDLASS_LEASE_TTL_MS: '3000',
      WINDLASS_LEASE_RENEW_MS: '1000',
    }),
    stdio: 'ignore',
  });
  children.push(child);
  return child;
}

it('its waits are taken by another, and each task wakes exactly once', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `t${index}`);
  const run = await startRun(
    aDagSpec(
      'killed',
      names.map((name) => aTask(name)),
    ),
  );
  const soon = systemClock.now() + 15_000;
  for (const name of names) await defer(run, name, { args: { at: new Date(soon).toISOString() } });
  const first = triggererProcess();
  await until(async () => (await waiters()).every((row) => row.owner !== null), { what: 'the first owns all', deadlineMs: 40_000 });
  const owner = (await waiters())[0]?.owner;
  first.kill('SIGKILL');
  triggererProcess();
  await until(async () => (await waiters()).every((row) => row.owner !== null && row.owner !== owner), {
    what: 'the second owns all',
    deadlineMs: 40_000,
  });
  await until(async () => (await waiters()).length === 0, { what: 'all have woken', deadlineMs: 40_000 });
  const woken = await sql<{ task_id: string; n: number }>(
    `select ti.task_id, count(*)::int as n from task_instance_event e join task_instance ti using (task_instance_id)
      where ti.dag_run_id = $1 and e.event = 'wake' group by ti.task_id`,
    [run],
  );
  expect(woken).toHaveLength(names.length);
  expect(woken.every((row) => row.n === 1)).toBe(true);
});
