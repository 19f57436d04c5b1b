/**
 * Goal: what a person clears or marks while it runs ends at once, in order, and is free again as soon as it has ended. The
 * beat of renewals is set to a minute here: only the doorbell can be what makes it prompt.
 */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clearInstances, markInstances } from '#platform/db/queries/api/move-instances.ts';
import { until } from '#test/support/until.ts';
import { attemptsOf, instanceOf, isAlive, logSays, openWorld, queueTask, ring, type SavedDag, saveDag, type World } from './support.ts';

let world: World;
let dag: SavedDag;
const folder = mkdtempSync(join(tmpdir(), 'windlass-stopped-'));

const SOURCE = `
import { writeFileSync } from 'node:fs';
import { dag } from 'windlass';
export default dag('stopped', {}, ({ task }) => {
  for (const id of ['cleared', 'marked', 'deaf', 'missed'])
    task(id, async (ctx) => {
      process.on('SIGTERM', () => {
        if (id === 'deaf') return;
        writeFileSync(${JSON.stringify(folder)} + '/' + id, 'ended in order');
        process.exit(0);
      });
      ctx.log.info('at work');
      await new Promise((r) => setTimeout(r, 120_000));
    });
});
`;

beforeAll(async () => {
  world = await openWorld({ workerSlots: 4, leaseTtlMs: 200_000, leaseRenewMs: 60_000, taskKillGraceMs: 3_000 });
  dag = await saveDag(world.db, SOURCE);
  await world.worker();
});
afterAll(() => world.close());

async function atWork(taskId: string) {
  const task = await queueTask(world.db, dag, taskId);
  await ring(world.broker, task);
  await logSays(world.config, task, 'at work');
  const [attempt] = await attemptsOf(world.db, task);
  return { task, id: task.taskInstanceId, pid: attempt!.pid! };
}

const clear = (id: string) => world.db.transaction('clear', (tx) => clearInstances(tx, [id], 'user:x'));
const endedInOrder = (taskId: string) => readFileSync(join(folder, taskId), 'utf8') === 'ended in order';

it('a cleared body hears of it, ends in order, and its instance is free once its process is gone', async () => {
  const { task, id, pid } = await atWork('cleared');
  const heard: unknown[] = [];
  const stop = await world.broker.listen('task_instances_ended', (message) => heard.push(message));
  await clear(id);
  expect(await instanceOf(world.db, task)).toMatchObject({ state: 'restarting' });
  world.broker.ring('leases_changed', { ids: [id] });
  await until(async () => (await instanceOf(world.db, task)).state === 'none', { what: 'the cleared instance is free' });
  expect([isAlive(pid), endedInOrder('cleared')]).toEqual([false, true]);
  const events = await world.db.pool.query(
    'select event, actor from task_instance_event where task_instance_id = $1 order by event_id desc limit 2',
    [id],
  );
  expect(events.rows).toMatchObject([{ event: 'confirm_stop', actor: expect.stringMatching(/^worker:/) }, { event: 'clear_running' }]);
  await until(() => JSON.stringify(heard).includes(id), { what: 'the scheduler is told' });
  await stop();
});

it('a body that is deaf to SIGTERM is killed after the grace, and only then is its instance free', async () => {
  const { task, id, pid } = await atWork('deaf');
  await clear(id);
  world.broker.ring('leases_changed', { ids: [id] });
  await until(
    async () => {
      const { state } = await instanceOf(world.db, task);
      if (state === 'none') expect(isAlive(pid)).toBe(false);
      return state === 'none';
    },
    { what: 'the deaf body is gone' },
  );
});

it('a body that is marked failed ends in order, and the mark stays', async () => {
  const { task, id, pid } = await atWork('marked');
  await world.db.transaction('mark', (tx) => markInstances(tx, [id], { event: 'mark_failed', actor: 'user:x', reason: 'marked' }));
  world.broker.ring('leases_changed', { ids: [id] });
  await until(() => !isAlive(pid), { what: 'the marked body is gone' });
  expect([endedInOrder('marked'), (await instanceOf(world.db, task)).state]).toEqual([true, 'failed']);
});

it('a bell that names nobody, as after a lost connection, makes the worker look as well', async () => {
  const { task, id } = await atWork('missed');
  await clear(id);
  world.broker.ring('leases_changed', {});
  await until(async () => (await instanceOf(world.db, task)).state === 'none', { what: 'the cleared instance is free' });
});
