/** The private API of the pages answers in the shapes of webserver/ui-api/types.ts. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatLogLine } from '#platform/logs/log-line.ts';
import { logPath } from '#platform/logs/log-path.ts';
import { brokerKind } from '#test/support/broker.ts';
import { aSpec, aTask, endInstance, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

let web: Harness;
const get = async (url: string) => {
  const answer = await web.request('GET', url);
  expect(answer.status, answer.text).toBe(200);
  return answer.json;
};

beforeAll(async () => {
  web = await startHarness();
  await saveDag(
    web.db,
    aSpec('etl', {
      description: 'Loads things',
      tags: ['daily', 'core'],
      docMd: '# ETL',
      schedule: { kind: 'cron', expression: '0 6 * * *', timezone: 'UTC' },
      scheduleSummary: '0 6 * * *',
    }),
  );
  await saveDag(web.db, aSpec('asleep', { tasks: [aTask('only')] }), { isPaused: true });
  await web.request('POST', '/api/v2/dags/etl/dagRuns', { body: { logical_date: null, dag_run_id: 'r1' } });
  await web.request('POST', '/api/v2/dags/asleep/dagRuns', { body: { logical_date: null, dag_run_id: 'z1' } });
  await web.db.pool.query("update dag_run set state = 'running', started_at = clock_timestamp() where run_id = 'r1'");
  await endInstance(web.db, { dagId: 'etl', runId: 'r1', taskId: 'extract' }, 'success');
  await endInstance(web.db, { dagId: 'etl', runId: 'r1', taskId: 'transform' }, 'failed');
});
afterAll(() => web.stop());

describe('the pages of a DAG', () => {
  it('know who is logged in', async () => {
    expect(await get('/ui/api/session')).toMatchObject({ username: 'admin', role: 'admin', broker: brokerKind });
    expect((await web.request('GET', '/ui/api/session', { role: null })).status).toBe(401);
  });

  it('count on the home page', async () => {
    const home = await get('/ui/api/home');
    expect(home.dags).toEqual({ total: 2, active: 1, paused: 1, importErrors: 0 });
    expect(home.runs).toEqual({ queued: 1, running: 1, success: 0, failed: 0 });
    expect(home.taskInstances).toMatchObject({ success: 1, failed: 1, none: 2 });
    expect(home.health.map((part: { name: string; status: string }) => [part.name, part.status])).toEqual([
      ['Postgres', 'healthy'],
      ['Scheduler', 'absent'],
      ['DAG processor', 'absent'],
      ['Workers', 'absent'],
    ]);
  });

  it('list DAGs with their last runs, found by text, tag, state and pause', async () => {
    const all = await get('/ui/api/dags');
    expect([all.total, all.tags]).toEqual([2, ['core', 'daily']]);
    expect(all.dags.map((dag: { dagId: string }) => dag.dagId)).toEqual(['asleep', 'etl']);
    expect(all.dags[1]).toMatchObject({ taskCount: 3, scheduleSummary: '0 6 * * *', recentRuns: [{ runId: 'r1', state: 'running' }] });
    expect((await get('/ui/api/dags?search=LOADS')).dags).toHaveLength(1);
    expect((await get('/ui/api/dags?search=%25')).dags).toHaveLength(0);
    expect((await get('/ui/api/dags?tag=core')).dags).toHaveLength(1);
    expect((await get('/ui/api/dags?paused=true')).dags.map((dag: { dagId: string }) => dag.dagId)).toEqual(['asleep']);
    expect((await get('/ui/api/dags?state=running&limit=1')).total).toBe(1);
  });

  it('show a DAG with tasks, versions and the next five runs', async () => {
    const dag = await get('/ui/api/dags/etl');
    expect(dag.tasks.map((task: { taskId: string }) => task.taskId)).toEqual(['extract', 'transform', 'load']);
    expect(dag.tasks[1]).toMatchObject({ upstream: ['extract'], isMapped: false, triggerRule: 'all_success', pool: 'default_pool' });
    expect(dag).toMatchObject({ docMd: '# ETL', versionNumber: 1, importError: null });
    expect(dag.nextRuns).toHaveLength(5);
    expect(dag.nextRuns[0]).toMatch(/T06:00:00.000Z$/);
    expect((await web.request('GET', '/ui/api/dags/none')).status).toBe(404);
  });

  it('draw the grid from two statements: a cell per task and run', async () => {
    const grid = await get('/ui/api/dags/etl/grid?limit=5');
    expect(grid.runs).toHaveLength(1);
    expect(grid.cells.extract[0]).toMatchObject({ state: 'success', tryNumber: 1, counts: null });
    expect(grid.cells.extract[0].endedAt).not.toBeNull();
    expect(grid.cells.load[0]).toMatchObject({ state: 'none', tryNumber: 0, startedAt: null, endedAt: null });
  });

  it('show the stored source, not the file system', async () => {
    expect(await get('/ui/api/dags/etl/source')).toEqual({ filePath: 'etl.ts', versionNumber: 1, source: '// source of etl' });
    expect((await web.request('GET', '/ui/api/dags/etl/source?version=99')).status).toBe(404);
  });
});

describe('the pages of a run', () => {
  it('show the run with all its instances', async () => {
    const run = await get('/ui/api/dags/etl/runs/r1');
    expect(run).toMatchObject({ runId: 'r1', state: 'running', triggeringUser: 'admin', conf: {} });
    expect(run.instances.map((instance: { taskId: string; state: string }) => [instance.taskId, instance.state])).toEqual([
      ['extract', 'success'],
      ['load', 'none'],
      ['transform', 'failed'],
    ]);
  });

  it('show an instance with attempts, history and XComs', async () => {
    await web.db.pool.query(
      `insert into xcom (task_instance_id, key, attempt_id, value, bytes)
       select a.task_instance_id, 'return_value', a.attempt_id, '{"rows": 3}', 11 from task_attempt a join task_instance ti using (task_instance_id)
        where ti.task_id = 'extract'`,
    );
    const extract = await get('/ui/api/dags/etl/runs/r1/tasks/extract');
    expect(extract.attempts).toMatchObject([{ tryNumber: 1, outcome: 'success', hostname: 'host-1', pid: 4711 }]);
    expect(extract.events.map((event: { event: string }) => event.event)).toEqual(['schedule', 'enqueue', 'start', 'succeed']);
    expect(extract.xcoms).toEqual([{ key: 'return_value', bytes: 11, value: { rows: 3 }, hash: null, isLarge: false }]);
    expect(extract.waitingFor).toEqual([]);
    const transform = await get('/ui/api/dags/etl/runs/r1/tasks/transform');
    expect(transform.attempts[0].error).toMatchObject({ message: 'it broke' });
  });

  it('say in sentences why an instance waits', async () => {
    expect((await get('/ui/api/dags/asleep/runs/z1/tasks/only')).waitingFor).toContain(
      'The DAG is paused: unpause it and this run starts.',
    );
    await web.request('POST', '/api/v2/dags/etl/dagRuns', { body: { logical_date: null, dag_run_id: 'r2' } });
    await web.db.pool.query("update dag_run set state = 'running', started_at = clock_timestamp() where run_id = 'r2'");
    const why = async (taskId: string) => (await get(`/ui/api/dags/etl/runs/r2/tasks/${taskId}`)).waitingFor;
    const noScheduler = 'No scheduler lives: start one with windlass scheduler (or npm start).';
    expect(await why('load')).toEqual(['Waiting for 1 of 1 upstream task: transform.', noScheduler]);
    await web.db.pool.query(
      "update task_instance set state = 'scheduled', reason = 'pool p is full: 2 of 2 slots are taken (other 2)' where task_id = 'extract' and dag_run_id = (select dag_run_id from dag_run where run_id = 'r2')",
    );
    expect(await why('extract')).toEqual(['Pool p is full: 2 of 2 slots are taken (other 2).', noScheduler]);
    const all = await get('/api/v2/dags/etl/dagRuns/r2/why');
    expect(all.task_instances).toMatchObject([
      { task_id: 'extract', map_index: -1, state: 'scheduled', why: ['Pool p is full: 2 of 2 slots are taken (other 2).', noScheduler] },
      { task_id: 'load', state: null },
      { task_id: 'transform', state: null },
    ]);
    expect((await get('/api/v2/dags/etl/dagRuns/r2/why?task_id=load')).task_instances).toHaveLength(1);
  });
});

describe('the pages that stream', () => {
  it('read a log by bytes and follow it to its end', async () => {
    const key = { dagId: 'etl', runId: 'r1', taskId: 'extract', mapIndex: -1, tryNumber: 1 };
    const path = logPath(web.config.logsFolder, key);
    mkdirSync(dirname(path), { recursive: true });
    const line = (event: string, fields = {}) =>
      formatLogLine({ timestamp: '2026-11-23T08:00:00.000Z', level: 'info', source: 'task', event, fields });
    writeFileSync(path, line('hello', { rows: 3 }) + line('world'));
    const page = await get('/ui/api/dags/etl/runs/r1/tasks/extract/log?try=1');
    expect(page.lines[0]).toEqual({
      timestamp: '2026-11-23T08:00:00.000Z',
      level: 'info',
      source: 'task',
      message: 'hello',
      fields: { rows: 3 },
    });
    expect(page.lines).toHaveLength(2);
    const rest = await get(`/ui/api/dags/etl/runs/r1/tasks/extract/log?try=1&offset=${page.nextOffset}`);
    expect(rest).toMatchObject({ lines: [], ended: true });
    // The attempt is over although its worker wrote no end line: the stream must not wait for one.
    const stream = await web.request('GET', '/ui/api/dags/etl/runs/r1/tasks/extract/log/stream?try=1');
    expect(stream.headers['content-type']).toContain('text/event-stream');
    expect(stream.text).toContain('event: lines\ndata: {"lines":[{"timestamp"');
    expect(stream.text).toMatch(/event: end\ndata: \{\}\n\n$/);
  });

  it('push the topics that changed, many rings in one message', async () => {
    const url = await web.app.listen({ host: '127.0.0.1', port: 0 });
    const login = await fetch(`${url}/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password: 'correct horse battery' }),
    });
    const cookie = String(login.headers.get('set-cookie')).split(';')[0] as string;
    const closed = new AbortController();
    const response = await fetch(`${url}/ui/api/stream`, { headers: { cookie }, signal: closed.signal });
    expect(response.status).toBe(200);
    const reader = response.body!.getReader();
    let text = '';
    for (let i = 0; i < 50; i++) web.broker.ring('ui_events', { topics: [`run:etl/r${i % 5}`] });
    while (!text.includes('run:etl/r4')) text += new TextDecoder().decode((await reader.read()).value);
    expect(text.match(/event: change/g)!.length).toBeLessThan(6);
    closed.abort();
  });
});
