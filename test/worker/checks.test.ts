/** Goal: what the checks of a task find is kept with its attempt. Real worker, real Postgres. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listChecksOf } from '#platform/db/queries/ui/list-checks-of.ts';
import { ended, logOf, openWorld, queueTask, ring, type SavedDag, saveDag, type World } from './support.ts';

let world: World;
let dag: SavedDag;
beforeAll(async () => {
  world = await openWorld();
  dag = await saveDag(
    world.db,
    `import { dag, dataLoader } from 'windlass';
     const load = (rows) => dataLoader({ name: 'load', run: () => ({ rows }), checks: { 'some rows': (out) => out.rows > 0 || 'there are "no" rows, null' } });
     export default dag('checked', {}, ({ task }) => {
       task('good', load(2), { checks: { even: (out) => out.rows % 2 === 0 } });
       task('bad', load(0), { checks: { even: (out) => out.rows % 2 === 0 } });
       task('none', () => 1);
     });`,
  );
  await world.worker();
});
afterAll(() => world.close());

async function run(taskId: string) {
  const task = await queueTask(world.db, dag, taskId);
  await ring(world.broker, task);
  const { state, reason } = await ended(world.db, task);
  const checks = (await listChecksOf(world.db, task.taskInstanceId)).map(({ name, passed, message }) => [name, passed, message]);
  return { task, state, reason, checks };
}

test('each check of a success is kept, in the order it was written', async () => {
  expect(await run('good')).toMatchObject({
    state: 'success',
    checks: [
      ['some rows', true, null],
      ['even', true, null],
    ],
  });
});

test('a check that fails fails the task with its message, and the others are told as well', async () => {
  const { task, ...found } = await run('bad');
  expect(found).toEqual({
    state: 'failed',
    reason: 'CheckFailed: Check "some rows" failed: there are "no" rows, null',
    checks: [
      ['some rows', false, 'there are "no" rows, null'],
      ['even', true, null],
    ],
  });
  const lines = (await logOf(world.config, task)).map((line) => line.event);
  expect(lines).toContain('check some rows: failed, there are "no" rows, null');
  expect(lines).toContain('check even: passed');
});

test('a task without checks keeps none', async () => {
  expect(await run('none')).toMatchObject({ state: 'success', checks: [] });
});
