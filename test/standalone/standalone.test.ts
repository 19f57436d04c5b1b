// Goal: `npm start` keeps its promises on a real machine: comes up from nothing, runs a DAG, stops cleanly, keeps its
// history, survives being killed, and harms nobody beside it. Method: the real command in a project of its own.

import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isAlive } from '#platform/embedded/process-identity.ts';
import { processesOf } from '../support/process-tree.ts';
import { until } from '../support/until.ts';
import { makeProject, type RunningStandalone, removeProject, startStandalone, windlass } from '../support/windlass-process.ts';

// Whole processes start here: seconds each on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

const HELLO = `
  import { dag } from 'windlass';
  export default dag('hello', { schedule: '@once', isPausedUponCreation: false }, ({ task }) => {
    const greeting = task('greet', (ctx) => { ctx.log.info('hello from the task'); return 'hello'; });
    task('shout', { greeting }, ({ greeting }) => greeting.toUpperCase());
  });`;
const PAUSED = `
  import { dag } from 'windlass';
  export default dag('sleeper', { isPausedUponCreation: true }, ({ task }) => { task('only', () => 1); });`;

let folder: string;
let standalone: RunningStandalone;

const cli = (...args: string[]) => windlass(args, { folder });
const json = async <T>(...args: string[]): Promise<T> => {
  const { stdout, stderr, code } = await cli(...args, '--json');
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
};
const runsOf = (dagId: string) => json<{ run_id: string; state: string }[]>('dags', 'list-runs', dagId);

beforeAll(async () => {
  folder = makeProject({ 'hello.ts': HELLO, 'sleeper.ts': PAUSED });
  standalone = await startStandalone({ folder });
});
afterAll(async () => {
  await standalone?.stop();
  removeProject(folder);
});

describe('a standalone in an empty project', () => {
  test('shows where everything is, and no secret but the login link', () => {
    const screen = standalone.output();
    expect(screen).toMatch(/Windlass \d+\.\d+\.\d+ {3}ready in/);
    expect(screen).toContain(`http://localhost:${new URL(standalone.webUrl).port}/auth/login?token=wl_`);
    expect(screen).toContain(`http://localhost:${new URL(standalone.monitorUrl).port}`);
    expect(screen).toMatch(/admin, password from WINDLASS_ADMIN_PASSWORD/);
    expect(screen).toContain(join(folder, 'dags'));
    const secrets = JSON.parse(readFileSync(join(folder, '.windlass/secrets.json'), 'utf8')) as Record<string, string>;
    for (const name of ['postgresPassword', 'warehousePassword', 'secretKey']) expect(screen).not.toContain(secrets[name]);
  });

  test('keeps its secrets to their owner and out of every environment and command line', async () => {
    for (const name of ['secrets.json', 'run.json']) expect(statSync(join(folder, '.windlass', name)).mode & 0o077).toBe(0);
    const secrets = JSON.parse(readFileSync(join(folder, '.windlass/secrets.json'), 'utf8')) as Record<string, string>;
    const family = processesOf(standalone.child.pid as number);
    expect(family.length).toBeGreaterThan(4);
    for (const pid of family)
      for (const file of ['environ', 'cmdline']) {
        let text = '';
        try {
          text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
        } catch {
          continue; // it ended meanwhile
        }
        for (const name of ['postgresPassword', 'warehousePassword', 'secretKey'])
          expect(text, `${file} of ${pid}`).not.toContain(secrets[name]);
      }
  });

  test('runs its first DAG by itself', async () => {
    await until(async () => (await runsOf('hello')).some((run) => run.state === 'success'), {
      deadlineMs: 90_000,
      pollMs: 200,
      what: 'hello has run',
    });
    const [run] = await runsOf('hello');
    const log = await cli('tasks', 'logs', 'hello', run?.run_id as string, 'greet');
    expect(log.stdout).toContain('hello from the task');
    await until(() => standalone.output().includes('✓ hello'), { deadlineMs: 30_000, what: 'the terminal shows the finished run' });
  });

  test('answers on its web server and its monitor', async () => {
    const health = (await (await fetch(`${standalone.webUrl}/api/v2/monitor/health`)).json()) as { scheduler: { status: string } };
    expect(health.scheduler.status).toBe('healthy');
    expect((await fetch(standalone.webUrl, { redirect: 'follow' })).status).toBe(200);
    expect((await fetch(standalone.monitorUrl, { redirect: 'follow' })).status).toBeLessThan(500);
  });

  test('is reached by the other commands without any setting', async () => {
    expect((await json<{ dag_id: string }[]>('dags', 'list')).map((dag) => dag.dag_id)).toEqual(['hello', 'sleeper']);
    expect(await json('dags', 'show', 'hello')).toMatchObject({ dagId: 'hello', is_paused: false });
    expect((await json<{ task_id: string }[]>('tasks', 'list', 'hello')).map((task) => task.task_id)).toEqual(['greet', 'shout']);
    expect(await json('dags', 'list-import-errors')).toEqual([]);
    expect(await json<{ username: string }[]>('users', 'list')).toMatchObject([{ username: 'admin', role: 'admin' }]);
    expect(await json<{ kind: string }[]>('jobs', 'check', '--job-type', 'worker', '--local')).toMatchObject([{ kind: 'worker' }]);
    expect((await cli('dags', 'show', 'helo')).stderr).toMatch(/DAG_NOT_FOUND.*Did you mean hello\?/);
  });

  test('starts, pauses and unpauses DAGs from the command line', async () => {
    const run = await json<{ dag_run_id: string; state: string }>('dags', 'trigger', 'sleeper', '--run-id', 'by_hand');
    expect(run).toMatchObject({ dag_run_id: 'by_hand', state: 'queued' });
    expect((await cli('dags', 'trigger', 'sleeper', '--run-id', 'by_hand')).stderr).toMatch(/DAG_RUN_EXISTS.*by_hand/);
    expect((await cli('dags', 'unpause', 'sleeper')).code).toBe(0);
    await until(async () => (await runsOf('sleeper'))[0]?.state === 'success', {
      deadlineMs: 60_000,
      pollMs: 200,
      what: 'the unpaused run ended',
    });
    expect(await json('tasks', 'states-for-dag-run', 'sleeper', 'by_hand')).toMatchObject([
      { task_id: 'only', map_index: -1, state: 'success' },
    ]);
    expect((await cli('dags', 'pause', 'sleeper')).code).toBe(0);
    expect(await json('dags', 'show', 'sleeper')).toMatchObject({ is_paused: true });
  });

  test('users are made from the command line, with the password kept out of the process list', async () => {
    const made = await windlass(['users', 'create', '-u', 'grace', '-r', 'Viewer', '-p', '-'], { folder, input: 'a-long-password\n' });
    expect(made.stderr).toMatch(/Made the user grace/);
    const answer = await fetch(`${standalone.webUrl}/auth/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'grace', password: 'a-long-password' }),
    });
    expect(answer.ok).toBe(true);
    const { code, stderr } = await windlass(['users', 'create', '-u', 'x', '-r', 'king', '--use-random-password'], { folder });
    expect(stderr).toMatch(/The role "king" does not exist. Use one of/);
    expect(code).toBe(1);
  });

  test('a second one beside it is refused, naming the first, which goes on', async () => {
    const { code, stderr } = await windlass(['standalone'], {
      folder,
      environment: { WINDLASS_WEB_PORT: '0', WINDLASS_MONITOR_PORT: '0' },
    });
    expect(stderr).toContain(
      `ALREADY_RUNNING: Windlass runs already: process ${standalone.child.pid} uses the data folder ${join(folder, '.windlass')}`,
    );
    expect(code).toBe(1);
    expect((await fetch(`${standalone.webUrl}/api/v2/monitor/health`)).ok).toBe(true);
    expect((await json<unknown[]>('dags', 'list')).length).toBe(2);
  });

  test('a role that crashes is started again', async () => {
    const before = await json<{ pid: number; service_id: string }[]>('jobs', 'check', '--job-type', 'worker');
    process.kill(before[0]?.pid as number, 'SIGKILL');
    await until(() => /worker: ended unexpectedly \(signal SIGKILL\); it is started again/.test(standalone.output()), {
      what: 'the crash is reported',
    });
    await json('dags', 'trigger', 'hello', '--run-id', 'after_the_crash');
    await until(async () => (await runsOf('hello')).some((run) => run.run_id === 'after_the_crash' && run.state === 'success'), {
      deadlineMs: 90_000,
      pollMs: 200,
      what: 'the new worker runs tasks',
    });
  });

  test('Ctrl-C ends it with code 0 and leaves no process behind', async () => {
    const family = processesOf(standalone.child.pid as number);
    expect(await standalone.stop('SIGINT')).toBe(0);
    expect(standalone.output()).toContain('Stopped.');
    await until(() => family.every((pid) => !isAlive(pid)), { deadlineMs: 30_000, what: 'all its processes are gone' });
    await expect(fetch(standalone.webUrl)).rejects.toThrow();
    expect((await cli('dags', 'list')).stderr).toMatch(/no Windlass runs with the data folder/);
  });

  test('a second start has all its history', async () => {
    standalone = await startStandalone({ folder, environment: { WINDLASS_ADMIN_PASSWORD: '' } });
    expect(standalone.output()).toMatch(/admin, password unchanged since the first start/);
    expect((await runsOf('hello')).map((run) => run.run_id)).toContain('after_the_crash');
    expect((await runsOf('sleeper')).map((run) => run.run_id)).toEqual(['by_hand']);
  });

  test('killed without warning, it leaves nothing running, and the next start takes over', async () => {
    const family = processesOf(standalone.child.pid as number);
    standalone.child.kill('SIGKILL');
    await until(() => family.every((pid) => !isAlive(pid)), { deadlineMs: 60_000, what: 'its processes notice and end' });
    standalone = await startStandalone({ folder, environment: { WINDLASS_BROKER: 'postgres' } });
    expect(standalone.output()).toMatch(/Postgres \(about ten times slower than Redis; install redis-server or set REDIS_URL\)/);
    await json('dags', 'trigger', 'hello', '--run-id', 'on_postgres');
    await until(async () => (await runsOf('hello')).some((run) => run.run_id === 'on_postgres' && run.state === 'success'), {
      deadlineMs: 90_000,
      pollMs: 200,
      what: 'a run on the Postgres broker',
    });
  });
});

describe('a start that cannot be', () => {
  test('a taken port is named, with the setting that changes it, and nothing is left behind', async () => {
    const project = makeProject();
    const squatter = createServer().listen(0, '127.0.0.1');
    await until(() => squatter.listening, { what: 'the port is taken' });
    const { port } = squatter.address() as { port: number };
    const { code, stderr } = await windlass(['standalone'], {
      folder: project,
      environment: { WINDLASS_WEB_PORT: String(port), WINDLASS_MONITOR_PORT: '0' },
    });
    expect(stderr).toMatch(
      new RegExp(`PORT_TAKEN: Port ${port} on 127.0.0.1 is taken by another program.*WINDLASS_WEB_PORT=${port + 1} npm start`),
    );
    expect(code).toBe(1);
    squatter.close();
    removeProject(project);
  });
});
