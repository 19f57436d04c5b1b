/** What a body may ask for, and what of it may be seen. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '#platform/config/config.ts';
import { attemptsOf, ended, logOf, openWorld, queueTask, resultOf, ring, type SavedDag, saveDag, type World } from './support.ts';

let world: World;
let dag: SavedDag;

const PASSWORD = 'tall-ship/42+x';

const SOURCE = `
import { dag, defer, waitForHttp } from 'windlass';
import { sync } from 'windlass/providers/sync';
export default dag('asking', {}, ({ task, approval }) => {
  task('prints_secret', async (ctx) => {
    const warehouse = await ctx.conn('warehouse');
    console.log('raw', warehouse.password);
    console.error('as url', encodeURIComponent(warehouse.password));
    ctx.log.info('as base64 ' + Buffer.from(warehouse.password).toString('base64'), { deep: [{ password: warehouse.password }] });
    process.stdout.write('split ' + warehouse.password.slice(0, 5));
    await new Promise((r) => setTimeout(r, 30));
    console.log(warehouse.password.slice(5));
    throw new Error('could not log in with ' + warehouse.password);
  });
  task('waits', async (ctx) => defer(waitForHttp({ url: 'http://127.0.0.1:1/' + (await ctx.conn('warehouse')).password })));
  approval('asks_a_person', {}, {
    subject: 'is {{ conn.warehouse.password }} right?',
    body: 'it was {{ conn.warehouse.password }}',
    timeout: '1h',
  });
  task('asks', async (ctx) => {
    const missing = await ctx.conn('nowhere').catch((error) => error.message);
    await ctx.xcom.push('rows', { n: 7 });
    ctx.heartbeat({ done: 1, total: 2, note: 'half' });
    return { variable: await ctx.variable('greeting'), none: await ctx.variable('nothing'), missing, key: ctx.idempotencyKey, params: ctx.params };
  });
  task('pulls', async (ctx) => ({ rows: await ctx.xcom.pull('asks', 'rows'), foreign: await ctx.xcom.pull('no_such_task', 'x').catch((e) => e.message) }));
  // The address of its next page holds the key it was given.
  task('syncs', async (ctx) => {
    const { password } = await ctx.conn('warehouse');
    const from = { name: 'rest https://shop.example', async *pages() { yield { batch: { numRows: 2 }, state: { next: 'https://shop.example?key=' + password } }; } };
    const to = { name: 'nowhere', open: async () => ({ state: async () => null, write: async () => undefined, [Symbol.asyncDispose]: async () => undefined }) };
    return (await sync('orders', { from, to })(ctx)).rows;
  });
  task('forges', async (ctx) => {
    const { writeSync } = await import('node:fs');
    const say = (message) => writeSync(3, JSON.stringify(message) + '\\n');
    say({ type: 'result', result: { outcome: 'nonsense' } });
    say({ type: 'finish', state: 'success' });
    say(['__proto__']);
    writeSync(3, 'not json\\n');
    return 'honest';
  });
  task('prints_forged_lines', () => {
    console.log('{"timestamp":"2026-01-01T00:00:00Z","level":"info","source":"system","event":"forged","attempt_ended":true}');
    return 'honest';
  });
});
`;

beforeAll(async () => {
  world = await openWorld({
    connections: new Map([['warehouse', new Secret(`postgres://me:${encodeURIComponent(PASSWORD)}@db.example:5432/dw`)]]),
    variables: new Map([['greeting', 'hello']]),
  });
  dag = await saveDag(world.db, SOURCE);
  await world.worker();
});
afterAll(() => world.close());

async function run(taskId: string, conf: object = {}) {
  const task = await queueTask(world.db, dag, taskId, conf);
  await ring(world.broker, task);
  return { task, instance: await ended(world.db, task) };
}

describe('secrets', () => {
  it('do not show in the log, the error or the reason, however they are written', async () => {
    const { task, instance } = await run('prints_secret');
    const everything = JSON.stringify([instance, await logOf(world.config, task), await attemptsOf(world.db, task)]);
    for (const form of [PASSWORD, encodeURIComponent(PASSWORD), Buffer.from(PASSWORD).toString('base64')])
      expect(everything).not.toContain(form);
    expect(instance.reason).toBe('could not log in with ***');
    const said = (await logOf(world.config, task)).map((line) => line.event);
    expect(said).toEqual(expect.arrayContaining(['raw ***', 'as url ***', 'as base64 ***', 'split ***']));
  });
});

describe('secrets of waits', () => {
  it('do not show in where a sync goes on', async () => {
    const { task } = await run('syncs');
    expect(await resultOf(world.db, task)).toBe(2);
    const { rows } = await world.db.pool.query<object>('select stream, source, destination, state, rows_total::int from sync_stream');
    const state = { next: 'https://shop.example?key=***' };
    expect(rows).toEqual([{ stream: 'orders', source: 'rest https://shop.example', destination: 'nowhere', state, rows_total: 2 }]);
  });

  it.for(['waits', 'asks_a_person'])('do not show in what is said of the wait: %s', async (taskId) => {
    const { task, instance } = await run(taskId);
    expect(instance.state).toBe('deferred');
    const { rows } = await world.db.pool.query(
      `select w.words, w.ends, q.subject, q.body from waiter w left join approval_request q using (task_instance_id)
        where task_instance_id = $1`,
      [task.taskInstanceId],
    );
    expect(JSON.stringify([rows, instance])).not.toContain(PASSWORD);
    expect(rows[0].words).toContain('***');
    if (taskId === 'asks_a_person') expect(rows[0]).toMatchObject({ subject: 'is *** right?', body: 'it was ***' });
  });
});

describe('requests', () => {
  it('are answered from the environment, with what to do when there is nothing', async () => {
    const { task, instance } = await run('asks', { day: 'monday' });
    expect(instance.state).toBe('success');
    expect(await resultOf(world.db, task)).toMatchObject({
      variable: 'hello',
      none: null,
      missing: expect.stringContaining('WINDLASS_CONN_NOWHERE='),
      key: task.taskInstanceId,
      params: { day: 'monday' },
    });
    expect(await resultOf(world.db, task, 'rows')).toEqual({ n: 7 });
  });

  it('reach only the tasks of the own DAG', async () => {
    const { task } = await run('pulls');
    expect(await resultOf(world.db, task)).toEqual({ foreign: 'This DAG has no task "no_such_task" to pull from.' });
  });
});

describe('a body that lies', () => {
  it('cannot forge messages of the protocol: the first one ends it', async () => {
    const { instance } = await run('forges');
    expect(instance.state).toBe('failed');
    expect(instance.reason).toMatch(/wrote to its channel/);
  });

  it('cannot forge lines of the supervisor', async () => {
    const { task, instance } = await run('prints_forged_lines');
    expect(instance.state).toBe('success');
    expect(await resultOf(world.db, task)).toBe('honest');
    const forged = (await logOf(world.config, task)).find((line) => line.event.includes('forged'));
    expect(forged?.source).toBe('stdout');
  });
});
