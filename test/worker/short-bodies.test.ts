// Goal: very short bodies, claimed ahead of their slots, begin once each, print into their own logs, and pay for nobody else's end.
// Method: a real worker of two slots, bodies that are witnesses in a file, and among them some that die, spoil their process or
// go on for long.
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '#test/support/until.ts';
import { logOf, openWorld, type QueuedTask, queueAgain, queueTask, ring, type SavedDag, saveDag, type World } from './support.ts';

const COUNT = 240;
const SLOTS = 2;

let world: World;
let dag: SavedDag;
let witness: string;

const SOURCE = `
import { appendFileSync, readFileSync } from 'node:fs';
import { dag } from 'windlass';

const note = (ctx) => appendFileSync(ctx.params.witness, ctx.run.id + '\\n');

export default dag('short_bodies', {}, ({ task }) => {
  task('silent', async (ctx) => note(ctx));
  task('prints', async (ctx) => { note(ctx); console.log('I am ' + ctx.run.id); });
  task('dies', async (ctx) => { note(ctx); process.kill(process.pid, 'SIGKILL'); await new Promise(() => {}); });
  task('spoils', async (ctx) => { note(ctx); JSON.stringify = () => 'evil'; });
  task('blocks', async (ctx) => {
    note(ctx);
    for (const until = Date.now() + 20_000; readFileSync(ctx.params.witness, 'utf8').split('\\n').length <= ctx.params.all;)
      if (Date.now() > until) throw new Error('some waited for it all the time');
  });
});
`;

beforeAll(async () => {
  witness = join(mkdtempSync(join(tmpdir(), 'windlass-short-bodies-')), 'begun');
  world = await openWorld({ workerSlots: SLOTS, leaseTtlMs: 20_000, leaseRenewMs: 2_000 });
  dag = await saveDag(world.db, SOURCE);
  await world.worker();
}, 60_000);
afterAll(() => world.close(), 60_000);

const begun = () => (existsSync(witness) ? readFileSync(witness, 'utf8').trim().split('\n') : []);

/** Rings all at once and waits until each has ended. */
async function runAll(taskIds: readonly string[]): Promise<readonly QueuedTask[]> {
  const tasks: QueuedTask[] = [];
  const all = begun().length + taskIds.length;
  for (const taskId of taskIds) tasks.push(await queueTask(world.db, dag, taskId, { witness, all }));
  await ring(world.broker, ...tasks);
  await until(
    async () => {
      await queueAgain(world, tasks);
      return (await rowsOf(tasks)).every((row) => row.ended_at !== null);
    },
    { what: 'all end', deadlineMs: 60_000, pollMs: 100 },
  );
  return tasks;
}

async function rowsOf(tasks: readonly QueuedTask[]) {
  const { rows } = await world.db.pool.query<{
    id: string;
    state: string;
    reason: string | null;
    ended_at: Date | null;
    attempts: number;
    events: number;
  }>(
    `select ti.task_instance_id as id, ti.state, ti.reason, ti.ended_at,
            (select count(*)::int from task_attempt a where a.task_instance_id = ti.task_instance_id and a.body_started_at is not null) as attempts,
            (select count(*)::int from task_instance_event e where e.task_instance_id = ti.task_instance_id) as events
       from task_instance ti where ti.task_instance_id = any($1::uuid[])`,
    [tasks.map((task) => task.taskInstanceId)],
  );
  return tasks.map((task) => rows.find((row) => row.id === task.taskInstanceId) as (typeof rows)[number]);
}

/** Mostly silent ones, with others here and there. */
function mixed(other: string, every: number): readonly string[] {
  return Array.from({ length: COUNT }, (_, index) => (index > 60 && index % every === 0 ? other : 'silent'));
}

async function expectEachBegunOnce(tasks: readonly QueuedTask[]): Promise<void> {
  const ids = new Set(tasks.map((task) => task.runId));
  const seen = begun().filter((id) => ids.has(id));
  expect([seen.length, new Set(seen).size]).toEqual([COUNT, COUNT]);
}

describe('very short bodies', { timeout: 90_000 }, () => {
  it('begin once each, and print into their own logs', async () => {
    const tasks = await runAll(mixed('prints', 3));
    expect(new Set((await rowsOf(tasks)).map((row) => row.state))).toEqual(new Set(['success']));
    await expectEachBegunOnce(tasks);
    for (const task of tasks.filter(({ taskId }) => taskId === 'prints')) {
      const said = (await logOf(world.config, task)).filter(({ source }) => source === 'stdout').map((line) => line.event);
      expect(said).toEqual([`I am ${task.runId}`]);
    }
  });

  it.each(['dies', 'spoils'])('go on elsewhere when one %s', async (other) => {
    const tasks = await runAll(mixed(other, 20));
    const rows = await rowsOf(tasks);
    const states = (taskId: string) => [...new Set(rows.filter((_, index) => tasks[index]?.taskId === taskId).map((row) => row.state))];
    const reasons = new Set(rows.flatMap((row) => (row.state === 'failed' ? [row.reason] : [])));
    expect([states('silent'), states(other)], [...reasons].join('; ')).toEqual([['success'], [other === 'dies' ? 'failed' : 'success']]);
    await expectEachBegunOnce(tasks);
  });

  it('go on beside one that keeps its thread busy', async () => {
    const tasks = await runAll(mixed('blocks', COUNT / 2));
    // The one that blocks ends when all others have begun, and fails when they do not.
    expect(new Set((await rowsOf(tasks)).map((row) => row.state))).toEqual(new Set(['success']));
    await expectEachBegunOnce(tasks);
    // Of an attempt whose turn did not come, and whose body never began, the history says so: no file is written for it.
    const said = await Promise.all(tasks.filter(({ taskId }) => taskId === 'silent').map((task) => logOf(world.config, task)));
    expect(said.flat().filter((line) => line.event.includes('handed back'))).toEqual([]);
  });
});
