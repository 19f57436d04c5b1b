/** The engine's harness with real triggerers beside it; the test plays the worker whose bodies defer. */
import { afterEach } from 'vitest';
import type { Waiter } from '#core/waiting/waiter.ts';
import { systemClock } from '#platform/clock.ts';
import { quietLogger } from '#platform/logger.ts';
import { Masker } from '#platform/mask.ts';
import { openSecretStore } from '#platform/secrets/secret-store.ts';
import { newWaiter } from '#platform/waiting/new-waiter.ts';
import { testConfig } from '#test/support/config.ts';
import { until } from '#test/support/until.ts';
import { type RunningTriggerer, startTriggerer } from '../../triggerer/main.ts';
import { Triggerer } from '../../triggerer/triggerer.ts';
import { broker, database, finish, inbox, instances, sql, statesOf } from '../scheduler/engine-harness.ts';

export const config = testConfig({ leaseTtlMs: 1_500, serviceHeartbeatMs: 200 });
const running = new Set<RunningTriggerer>();

afterEach(async () => {
  await Promise.all([...running].map((one) => one.stop()));
  running.clear();
  await sql('delete from service');
});

export async function aTriggerer(overrides: Partial<typeof config> = {}): Promise<RunningTriggerer> {
  const logger = quietLogger();
  const started = await startTriggerer({ config: { ...config, ...overrides }, db: database.db, broker, clock: systemClock, logger });
  running.add(started);
  return started;
}

/** Without loops of its own: it does what it is told, pass by pass. */
export function triggererAlone(triggererId: string): Triggerer {
  const secrets = openSecretStore({ config, db: database.db });
  const deps = { config, db: database.db, broker, clock: systemClock, logger: quietLogger(), secrets, masker: new Masker() };
  return new Triggerer(triggererId, deps, () => {});
}

export async function stopTriggerer(triggerer: RunningTriggerer): Promise<void> {
  running.delete(triggerer);
  await triggerer.stop();
}

export function aWaiter(change: Partial<Waiter> = {}): Waiter {
  return {
    kind: 'time',
    args: { at: new Date(systemClock.now()).toISOString() },
    timeoutMs: null,
    onTimeout: null,
    onFound: 'wake',
    softFail: false,
    everyMs: null,
    state: null,
    ...change,
  };
}

/** The body of the task defers. */
export async function defer(dagRunId: string, taskId: string, change: Partial<Waiter> = {}, mapIndex = -1): Promise<void> {
  const row = (await instances(dagRunId)).find((one) => one.task_id === taskId && one.map_index === mapIndex);
  const secrets = openSecretStore({ config, db: database.db });
  const waiter = newWaiter(secrets, String(row?.task_instance_id), aWaiter(change));
  await finish(dagRunId, taskId, { event: 'defer', reason: `waits for ${waiter.words}`, waiter }, mapIndex);
  broker.ring('waiters_changed', {});
}

/** Waits until the instance is in the state, telling the engine of it. */
export async function reaches(dagRunId: string, taskId: string, state: string): Promise<void> {
  await until(async () => (await statesOf(dagRunId))[taskId] === state, { what: `${taskId} is ${state}`, deadlineMs: 20_000 });
  inbox.ended((await instances(dagRunId)).map((row) => row.task_instance_id));
}

export const waiters = () =>
  sql<{ task_instance_id: string; owner: string | null; looks: number; note: string | null }>('select * from waiter');
export const eventsOf = async (dagRunId: string, taskId: string) =>
  (
    await sql<{ event: string }>(
      'select e.event from task_instance_event e join task_instance ti using (task_instance_id) where ti.dag_run_id = $1 and ti.task_id = $2 order by event_id',
      [dagRunId, taskId],
    )
  ).map((row) => row.event);
