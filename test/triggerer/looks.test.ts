/** Goal: each kind of wait sees what it waits for. Method: a real triggerer, a real HTTP server, files, Postgres and runs. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskSpec } from '#core/dag-spec.ts';
import { Secret } from '#platform/config/config.ts';
import { logPath } from '#platform/logs/log-path.ts';
import { readLog } from '#platform/logs/log-reader.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { until } from '#test/support/until.ts';
import { database, finish, inbox, instances, saveDag, settle, sql, startRun, statesOf } from '../scheduler/engine-harness.ts';
import { aTriggerer, config, defer, reaches, waiters } from './harness.ts';

const spec = (dagId = 'looks') => aDagSpec(dagId, [aTask('a'), aTask('b', { upstream: ['a'] })]);
const resumedOf = async () => (await sql<{ resumed: unknown }>('select resumed from task_instance where resumed is not null'))[0]?.resumed;

describe('HTTP', () => {
  let url: string;
  let answer: { status: number; body: string };
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
    response.writeHead(answer.status).end(answer.body);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it('waits for the status and the JSON, and hands the answer to the body', async () => {
    answer = { status: 503, body: 'busy' };
    const run = await startRun(spec());
    await defer(run, 'a', { kind: 'http', args: { url: `${url}/job`, json: { 'job.state': ['done', 'ok'] } }, everyMs: 100 });
    await aTriggerer();
    await until(async () => (await waiters())[0]?.note === 'HTTP 503', { what: 'the status is noted' });
    answer = { status: 200, body: '{"job":{"state":"running"}}' };
    await until(async () => (await waiters())[0]?.note === 'HTTP 200, job.state is "running"', { what: 'the JSON is noted' });
    answer = { status: 200, body: '{"job":{"state":"done"}}' };
    await reaches(run, 'a', 'scheduled');
    expect(await resumedOf()).toEqual({ event: { status: 200, body: { job: { state: 'done' } } }, state: null });
    const row = (await sql<{ run_id: string }>('select run_id from dag_run where dag_run_id = $1', [run]))[0];
    const path = logPath(config.logsFolder, { dagId: 'looks', runId: String(row?.run_id), taskId: 'a', mapIndex: -1, tryNumber: 1 });
    const lines = await until(
      async () => {
        const { lines } = await readLog(path, 0, 100_000);
        return lines.some((line) => line.event.includes('queued again')) && lines.map((line) => line.event);
      },
      { what: 'the log of the task tells of it' },
    );
    expect(lines).toContain('still waiting: HTTP 503');
  });

  it('looks again while the server is away, ever later, and uses the password of a connection without showing it', async () => {
    answer = { status: 204, body: '' };
    const away = await startRun(spec());
    await defer(away, 'a', { kind: 'http', args: { url: 'http://127.0.0.1:1/' }, everyMs: 100 });
    const { port } = new URL(url);
    const withConnection = new Map([['job_server', new Secret(`http://eva:hush-hush@127.0.0.1:${port}`)]]);
    await aTriggerer({ connections: withConnection });
    await until(async () => /ECONNREFUSED|bad port/.test((await waiters())[0]?.note ?? ''), { what: 'the trouble is noted' });
    const run = await startRun(spec('other'));
    await defer(run, 'a', { kind: 'http', args: { connection: 'job_server', path: '/x' }, onFound: 'succeed', everyMs: 100 });
    await reaches(run, 'a', 'success');
    expect(heard).toContain(`GET /x Basic ${Buffer.from('eva:hush-hush').toString('base64')}`);
  });

  it('hides the password of the connection in what it notes of a look', async () => {
    answer = { status: 200, body: '{"said":"hush-hush"}' };
    const { port } = new URL(url);
    const withConnection = new Map([['job_server', new Secret(`http://eva:hush-hush@127.0.0.1:${port}`)]]);
    await aTriggerer({ connections: withConnection });
    const run = await startRun(spec());
    await defer(run, 'a', { kind: 'http', args: { connection: 'job_server', path: '/x', json: { said: ['ok'] } }, everyMs: 100 });
    const note = await until(async () => (await waiters())[0]?.note, { what: 'the look is noted' });
    expect(note).toBe('HTTP 200, said is "***"');
  });

  it('fails the try when there is no such connection', async () => {
    const run = await startRun(spec());
    await defer(run, 'a', { kind: 'http', args: { connection: 'nowhere' } });
    await aTriggerer();
    await reaches(run, 'a', 'failed');
    expect((await instances(run))[0]?.reason).toMatch(/^CONNECTION_NOT_FOUND: There is no connection "nowhere"/);
  });
});

describe('files', () => {
  it('waits for a match of a glob', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'windlass-looks-'));
    const run = await startRun(spec());
    await defer(run, 'a', { kind: 'file', args: { path: join(folder, '*.csv') }, everyMs: 100, onFound: 'succeed' });
    await aTriggerer();
    await until(async () => (await waiters())[0]?.note === 'no such file', { what: 'it has looked' });
    writeFileSync(join(folder, 'x.csv'), '');
    await reaches(run, 'a', 'success');
    expect(await sql('select value from xcom')).toEqual([{ value: join(folder, 'x.csv') }]);
  });

  it('takes a folder only when a file is in it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'windlass-looks-'));
    mkdirSync(join(folder, 'deep'));
    const run = await startRun(spec());
    await defer(run, 'a', { kind: 'file', args: { path: folder, recursive: true }, everyMs: 100, onFound: 'succeed' });
    await aTriggerer();
    await until(async () => (await waiters())[0]?.note === 'no such file', { what: 'it has looked' });
    writeFileSync(join(folder, 'deep', 'x'), '');
    await reaches(run, 'a', 'success');
  });
});

describe('SQL', () => {
  it('waits for a row on a connection, in a read-only transaction', async () => {
    const connections = new Map([['here', new Secret(database.url)]]);
    await sql('create table seen (n int)');
    const run = await startRun(spec());
    await defer(run, 'a', {
      kind: 'sql',
      args: { connection: 'here', sql: 'select n, $1::text as who from seen', values: ['eva'] },
      everyMs: 100,
    });
    await aTriggerer({ connections });
    await until(async () => (await waiters())[0]?.note === 'no row yet', { what: 'it has looked' });
    await sql('insert into seen values (7)');
    await reaches(run, 'a', 'scheduled');
    expect(await resumedOf()).toEqual({ event: { n: 7, who: 'eva' }, state: null });
    const writing = await startRun(spec('writing'));
    await defer(writing, 'a', { kind: 'sql', args: { connection: 'here', sql: 'delete from seen returning n' } });
    await reaches(writing, 'a', 'deferred');
    await until(async () => /read-only/.test((await waiters())[0]?.note ?? ''), { what: 'the write is refused' });
  });
});

describe('other DAGs', () => {
  const date = '2026-01-31T00:00:00.000Z';
  const external = (change: object = {}) => ({
    kind: 'external_task' as const,
    args: {
      dagId: 'other',
      logicalDates: [date],
      allowedStates: ['success'],
      skippedStates: ['skipped'],
      failedStates: ['failed'],
      ...change,
    },
    onFound: 'succeed' as const,
  });
  const otherRun = async () => {
    const run = await startRun(aDagSpec('other', [aTask('x'), aTask('g.y')]));
    await sql('update dag_run set logical_date = $2 where dag_run_id = $1', [run, date]);
    return run;
  };

  it.for([
    ['a task', { taskIds: ['x'] }, 'x'],
    ['a group', { groupId: 'g' }, 'g.y'],
  ] as const)('waits for %s of the same logical date, and hears at once that it ended', async ([, part, task]) => {
    const run = await startRun(spec());
    await defer(run, 'a', external(part));
    await aTriggerer();
    await until(async () => (await waiters())[0]?.note === 'the run of other is not there yet', { what: 'it has looked' });
    const other = await otherRun();
    await finish(other, task);
    await reaches(run, 'a', 'success');
  });

  it('waits for the whole run, and fails when it failed', async () => {
    const run = await startRun(spec());
    await defer(run, 'a', external());
    const other = await otherRun();
    for (const task of ['x', 'g.y']) await finish(other, task, { event: 'fail', error: { name: 'E', message: '', stack: '' } });
    await aTriggerer();
    await reaches(run, 'a', 'failed');
    expect((await instances(run))[0]?.reason).toMatch(/ExternalTaskFailed: .*the run of other is failed/);
  });

  it('is skipped when the other task is', async () => {
    const run = await startRun(spec());
    await defer(run, 'a', external({ taskIds: ['x'] }));
    const other = await otherRun();
    await finish(other, 'x', { event: 'skip', reason: 'no' });
    await aTriggerer();
    await reaches(run, 'a', 'skipped');
  });

  it('fails at once when there is no such task and it has to exist', async () => {
    await saveDag(aDagSpec('other', [aTask('x')]));
    const run = await startRun(spec());
    await defer(run, 'a', external({ taskIds: ['typo'], checkExistence: true }));
    await aTriggerer();
    await reaches(run, 'a', 'failed');
    expect((await instances(run))[0]?.reason).toMatch(/DAG other has no task typo/);
  });
});

describe('a task whose wait the DAG file says', () => {
  const sensor = { everyMs: 100, timeoutMs: 60_000, onTimeout: 'fail', backoff: 1 } as const;
  const starting = (change: object = {}) =>
    aDagSpec('starting', [
      aTask('a', {
        kind: 'sensor',
        operator: 'time_sensor',
        sensor,
        wait: { kind: 'time', args: { afterMs: 0 }, everyMs: null },
        ...change,
      }),
      aTask('b', { upstream: ['a'] }),
    ]);

  it('is deferred without a worker, and succeeds without one', async () => {
    const run = await startRun(starting());
    expect(await statesOf(run)).toEqual({ a: 'deferred', b: 'none' });
    expect((await instances(run))[0]).toMatchObject({
      try_number: 1,
      lease_epoch: 1,
      reason: expect.stringMatching(/^waits for the time 20/),
    });
    await aTriggerer();
    await reaches(run, 'a', 'success');
    await settle();
    expect(await statesOf(run)).toEqual({ a: 'success', b: 'queued' });
    expect(await sql('select count(*)::int as n from task_attempt')).toEqual([{ n: 0 }]);
  });

  it('starts its wait again after a failure that may be tried again', async () => {
    const wait = { kind: 'http', args: { connection: 'nowhere' }, everyMs: null };
    const run = await startRun(starting({ wait, retries: 1, retryDelayMs: 0 }));
    await aTriggerer();
    await reaches(run, 'a', 'up_for_retry');
    await settle();
    await reaches(run, 'a', 'failed');
    expect((await instances(run))[0]?.try_number).toBe(2);
  });

  it('does not start its wait while the DAG is paused', async () => {
    const [wait, next] = starting({ upstream: ['x'] }).tasks;
    const run = await startRun(aDagSpec('starting', [aTask('x'), wait as TaskSpec, next as TaskSpec]));
    await sql('update dag set is_paused = true');
    inbox.reloadDag('starting');
    await finish(run, 'x');
    expect(await statesOf(run)).toMatchObject({ x: 'success', a: 'scheduled' });
    expect(await waiters()).toEqual([]);
  });
});
