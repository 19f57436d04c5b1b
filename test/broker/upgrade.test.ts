/**
 * Goal: old and new processes work side by side while a cluster is upgraded, whichever is first: each leaves what it does
 * not understand to the other, says so, and nothing is lost or run twice. Method: real processes of this version, and the
 * same made a version newer (test/support/next-version.ts).
 */
import { afterEach, expect, it, vi } from 'vitest';
import { type Fleet, LEDGER, type Role, startFleet } from '#test/support/fleet.ts';
import { nextVersion } from '#test/support/next-version.ts';
import { until } from '#test/support/until.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const FILE = `
import { dag } from 'windlass';
${LEDGER}
export const steady = dag('steady', {}, ({ task, chain }) => { chain(task('first', note), task('second', note)); });
export const long = dag('long', {}, ({ task }) => { task('through', async (ctx) => { await sleep(5_000); note(ctx); }); });
`;

let fleet: Fleet;
afterEach(() => fleet.close());

const start = (role: Role, isNew: boolean) => fleet.start(role, isNew ? nextVersion() : {});

async function expectAllEnded(): Promise<void> {
  expect(Object.keys(await fleet.allEnded(120_000))).toEqual(['success']);
  const [{ instances } = { instances: 0 }] = await fleet.sql<{ instances: number }>('select count(*)::int as instances from task_instance');
  expect(fleet.ledger()).toHaveLength(instances);
  expect(new Set(fleet.ledger()).size).toBe(instances);
}

it('old workers leave what is rung and written by newer ones to newer workers, and say so', async () => {
  fleet = await startFleet({ 'dags.ts': FILE });
  const old = await start('worker', false);
  await start('scheduler', true);
  await fleet.know('steady', 'long');
  const run = await fleet.trigger('steady');
  await until(() => old.log().includes('"event":"delivery.newer"'), { what: 'the old worker meets a newer batch', deadlineMs: 60_000 });
  expect(old.log()).toMatch(/batches of version 2, newer than this worker knows; .*Upgrade this worker/);
  expect(await fleet.states(run)).toEqual({ first: 'queued', second: 'none' });
  const next = await start('worker', true);
  await expectAllEnded();
  const { rows } = await fleet.database.db.pool.query('select distinct hostname, worker_id from task_attempt');
  expect(rows).toHaveLength(1);
  // The old one goes, as in an upgrade; the new one goes on.
  expect(await old.stop()).toBe(0);
  await fleet.trigger('steady');
  await expectAllEnded();
  expect(next.hasEnded()).toBe(false);
});

it('an old scheduler goes on with what it can read, and leaves the rest to the newer one that follows', async () => {
  fleet = await startFleet({ 'dags.ts': FILE });
  const first = await start('scheduler', false);
  await start('worker', false);
  await start('worker', true);
  await fleet.know('steady', 'long');
  await fleet.trigger('steady');
  await expectAllEnded();
  expect(await first.stop()).toBe(0);
  // As a newer DAG processor would have saved it.
  await fleet.sql(`update dag_version set spec_version = 2, spec = jsonb_set(spec, '{specVersion}', '2') where dag_id = 'long'`);
  const old = await start('scheduler', false);
  const beyond = await fleet.trigger('long');
  await fleet.trigger('steady');
  await until(() => old.log().includes('"event":"spec.newer"'), { what: 'the old scheduler meets a newer spec', deadlineMs: 60_000 });
  await until(async () => (await fleet.sql(`select 1 from dag_run where dag_id = 'steady' and state <> 'success'`)).length === 0, {
    what: 'it goes on with the rest',
    deadlineMs: 60_000,
  });
  expect(await fleet.sql('select state from dag_run where dag_run_id = $1', [beyond])).toEqual([{ state: 'queued' }]);
  await start('scheduler', true);
  expect(await old.stop()).toBe(0);
  await expectAllEnded();
});

it('processes that a newer schema has left behind stop with 57, after their tasks', async () => {
  fleet = await startFleet({ 'dags.ts': FILE });
  const [scheduler, worker] = await Promise.all([start('scheduler', false), start('worker', false)]);
  await fleet.know('steady', 'long');
  const run = await fleet.trigger('long');
  await until(async () => (await fleet.states(run))['through'] === 'running', { what: 'the body runs', deadlineMs: 60_000 });
  await fleet.sql(`insert into schema_migration (version, name, is_breaking) values (9000, '9000_contract.sql', true)`);
  const [first, second] = await Promise.all([scheduler.stopsByItself(), worker.stopsByItself()]);
  expect([first, second]).toEqual([57, 57]);
  expect(worker.log()).toMatch(/9000_contract\.sql in it changed what this Windlass .* relies on\. Upgrade Windlass .*lets what runs end/);
  expect(await fleet.states(run)).toEqual({ through: 'success' });
  // And it does not start again.
  const again = await fleet.start('worker', { wait: false });
  expect(await again.stopsByItself()).toBe(57);
  expect(again.log()).toContain('9000_contract.sql');
});

it('a worker whose files were replaced under it says so of the tasks it can start no more', async () => {
  fleet = await startFleet({ 'dags.ts': FILE });
  const changes = { 'core/task-protocol.ts': [['export const TASK_PROTOCOL = 1;', 'export const TASK_PROTOCOL = 2;']] } as const;
  await start('scheduler', false);
  await fleet.start('worker', nextVersion(changes));
  await fleet.know('steady', 'long');
  await fleet.trigger('steady');
  expect(await fleet.allEnded(90_000)).toEqual({ failed: 1 });
  expect(await fleet.sql(`select reason from task_instance where task_id = 'first'`)).toEqual([
    { reason: expect.stringMatching(/version 1 of the protocol and its worker version 2: .* Restart the worker/) },
  ]);
  expect(fleet.ledger()).toEqual([]);
});
