/** How attempts end: each kind of ending, on a real worker with a real Postgres and a real Redis. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handleProbes } from '#platform/probes/probe.ts';
import { until } from '#test/support/until.ts';
import {
  attemptsOf,
  ended,
  isAlive,
  logOf,
  logSays,
  openWorld,
  queueTask,
  resultOf,
  ring,
  type SavedDag,
  saveDag,
  type World,
} from './support.ts';

let world: World;
let dag: SavedDag;

const SOURCE = `
import { spawn } from 'node:child_process';
import { writeFileSync, writeSync } from 'node:fs';
import { dag, Fatal, RetryAfter, Skip } from 'windlass';

export default dag('endings', {}, ({ task }) => {
  task('fine', async (ctx) => { console.log('hello from the body'); ctx.log.info('counted', { rows: 3 }); return { rows: 3, at: new Date(0) }; });
  task('flaky', async () => { throw new Error('no luck'); }, { retries: 2, retryDelay: '7s' });
  task('later', async () => { throw new RetryAfter('90s', 'busy'); }, { retries: 1 });
  task('fatal', async () => { throw new Fatal('nothing helps'); }, { retries: 5 });
  task('skips', async () => { throw new Skip('nothing to do'); });
  task('exits', async () => { process.exit(0); });
  task('crashes', async () => { process.exit(3); });
  task('rejects', async () => { void Promise.reject(new Error('nobody listens')); await new Promise((r) => setTimeout(r, 5_000)); });
  task('leaks', async () => { const all = []; for (;;) all.push(new Array(100_000).fill({}).map((_, i) => ({ i }))); });
  task('spins', async () => { for (;;); }, { executionTimeout: '400ms' });
  task('stubborn', async (ctx) => {
    process.on('SIGTERM', () => {});
    const child = spawn('sh', ['-c', 'trap "" TERM; sleep 1000 & echo grandchild $!; wait; wait'], { stdio: ['ignore', 'inherit', 'inherit'] });
    const gone = spawn('setsid', ['sh', '-c', 'trap "" TERM; echo escaped $$; sleep 1000; true'], { stdio: ['ignore', 'inherit', 'inherit'], detached: true });
    console.log('child', child.pid, gone.pid);
    await new Promise(() => setInterval(() => {}, 1000));
  }, { executionTimeout: '1s' });
  task('floods', async () => {
    const megabyte = 'x'.repeat(1024 * 1024);
    for (let i = 0; i < 200; i++) process.stdout.write(megabyte);
    console.log();
    console.log('after the flood');
  });
  task('large', async () => 'y'.repeat(3_000_000));
  task('garbles', async () => { writeSync(3, 'hello\\n'); await new Promise(() => setInterval(() => {}, 1000)); });
  task('nameless', async (ctx) => ctx.variable(''));
  task('hijacks', async () => { JSON.stringify = () => 'evil'; JSON.parse = () => 'evil'; return { a: 1 }; });
  task('nul', async () => 'a\\u0000b');
  task('twice', async () => { await new Promise((r) => setTimeout(r, 60_000)); }, { retries: 1 });
  task('once', async () => { await new Promise((r) => setTimeout(r, 60_000)); });
  task('env', async () => ({ env: { ...process.env }, argv: process.argv }));
});
`;

beforeAll(async () => {
  world = await openWorld({ taskMemoryMb: 96, workerSlots: 4 });
  dag = await saveDag(world.db, SOURCE);
  await world.worker();
});
afterAll(() => world.close());

async function run(taskId: string) {
  const task = await queueTask(world.db, dag, taskId);
  await ring(world.broker, task);
  const instance = await ended(world.db, task);
  const attempts = await attemptsOf(world.db, task);
  return { task, instance, attempt: attempts[0]! };
}

describe('a body that ends by itself', () => {
  it('stores what it returned and logs what it said', async () => {
    const { task, instance, attempt } = await run('fine');
    expect(instance).toMatchObject({ state: 'success', reason: null, lease_owner: null });
    expect(attempt).toMatchObject({ outcome: 'success' });
    expect(await resultOf(world.db, task)).toMatchObject({ rows: 3 });
    const lines = await logOf(world.config, task);
    expect(lines.at(0)?.event).toMatch(/^attempt 1 of 1 started on worker-/);
    expect(
      lines
        .slice(1, -1)
        .map((line) => `${line.source}: ${line.event}`)
        .sort(),
    ).toEqual(['stdout: hello from the body', 'task: counted']);
    expect(lines.at(-1)?.event).toMatch(/^succeeded after /);
    expect(lines.at(0)?.fields).toMatchObject({ attempt_id: attempt.attempt_id, pid: attempt.pid });
    expect(lines.at(-1)).toMatchObject({ source: 'system', level: 'info', fields: { attempt_ended: true, outcome: 'succeed' } });
    expect(lines.find((line) => line.source === 'task')?.fields).toEqual({ rows: 3 });
  });

  it('is tried again after its delay while retries are left', async () => {
    const { instance, attempt } = await run('flaky');
    expect(instance.state).toBe('up_for_retry');
    expect(instance.reason).toBe('no luck; try 2 of 3 in 7 s');
    expect(instance.next_try_at!.getTime() - Date.now()).toBeGreaterThan(4_000);
    expect(attempt).toMatchObject({ outcome: 'failed', error: { name: 'Error', message: 'no luck' } });
    expect(attempt.error!.stack).toContain('dag.ts:');
  });

  it('says itself when the next try makes sense', async () => {
    const { instance } = await run('later');
    expect(instance.reason).toContain('try 2 of 2 in 1 min 30 s');
  });

  it('fails at once when no retry helps', async () => {
    const { instance } = await run('fatal');
    expect(instance).toMatchObject({ state: 'failed', reason: 'Fatal: nothing helps' });
  });

  it('skips itself', async () => {
    const { instance } = await run('skips');
    expect(instance).toMatchObject({ state: 'skipped', reason: 'nothing to do' });
  });

  it('may not return more than the limit', async () => {
    const { instance } = await run('large');
    expect(instance.state).toBe('failed');
    expect(instance.reason).toContain('the result is too large: 2.9 MB, the limit is 1 MB');
  });

  it('may not return what Postgres cannot store', async () => {
    const { instance } = await run('nul');
    expect(instance.state).toBe('failed');
    expect(instance.reason).toContain('U+0000');
  });

  it.each(['garbles', 'nameless'])('fails in words when what it says makes no sense (%s), instead of running for ever', async (task) => {
    const { instance } = await run(task);
    expect(instance.state).toBe('failed');
    expect(instance.reason).toContain('the task process said something that Windlass does not understand');
  });

  it('may spoil JSON for itself, not for the channel', async () => {
    const { task, instance } = await run('hijacks');
    expect(instance.state).toBe('success');
    expect(await resultOf(world.db, task)).toMatchObject({ a: 1 });
  });

  it('sees no credential', async () => {
    const { task } = await run('env');
    const { env, argv } = (await resultOf(world.db, task)) as { env: Record<string, string>; argv: string[] };
    expect(
      Object.keys(env).filter(
        (name) =>
          !/^(PATH|HOME|LANG|LC_ALL|TZ|TMPDIR|NODE_COMPILE_CACHE|NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|SSL_CERT_DIR|WINDLASS_TASK_PROCESS|AIRFLOW_CTX_[A-Z_]+)$/.test(
            name,
          ),
      ),
    ).toEqual([]);
    expect(env['TZ']).toBe('UTC');
    expect(JSON.stringify([env, argv])).not.toMatch(/postgres:|redis:|a-secret-key|admin-password/);
  });
});

describe('a process that dies', () => {
  it('with code 0 has failed, since there is no result', async () => {
    const { instance } = await run('exits');
    expect(instance.state).toBe('failed');
    expect(instance.reason).toContain('exited with code 0 but without a result');
  });

  it('with another code has failed with that code', async () => {
    const { task, instance } = await run('crashes');
    expect(instance.reason).toContain('exited with code 3');
    expect((await logOf(world.config, task)).at(-1)?.event).toContain('exited with code 3');
  });

  it('of a promise nobody caught says which', async () => {
    const { instance } = await run('rejects');
    expect(instance).toMatchObject({ state: 'failed', reason: 'nobody listens' });
  });

  it('of a promise nobody caught is not given to the next attempt', async () => {
    // Many at once: the next attempt is at hand while the process is still on its way out.
    const all = await Promise.all(Array.from({ length: 12 }, (_, index) => run(index % 2 === 0 ? 'rejects' : 'skips')));
    expect(all.map(({ instance }) => instance.reason)).toEqual(
      all.map((_, index) => (index % 2 === 0 ? 'nobody listens' : 'nothing to do')),
    );
  });

  it('of too much memory says so and what the limit is', async () => {
    const { instance } = await run('leaks');
    expect(instance.reason).toContain('out of memory: the heap limit of 96 MB');
  });
});

describe('a body that takes too long', () => {
  it('is killed even when it never lets go of its thread', async () => {
    const { instance, attempt } = await run('spins');
    expect(instance).toMatchObject({ state: 'failed', reason: 'execution timeout after 400 ms' });
    expect(isAlive(attempt.pid!)).toBe(false);
  });

  it('is killed with everything it started, also what ignores SIGTERM or left its group', async () => {
    const { task, instance, attempt } = await run('stubborn');
    expect(instance.reason).toBe('execution timeout after 1 s');
    const lines = await logSays(world.config, task, 'escaped');
    const pids = lines.flatMap((line) =>
      [...line.event.matchAll(/\b(?:grandchild|escaped|child) (\d+)/g)].map((match) => Number(match[1])),
    );
    expect(pids.length).toBe(3);
    await until(() => [...pids, attempt.pid!].every((pid) => !isAlive(pid)), { what: 'all of its processes are gone' });
  });
});

describe('a body whose worker stumbles right after it was told to run', () => {
  /** Fails the worker there, once. */
  async function stumbling(taskId: string) {
    handleProbes((name) => {
      if (name !== 'supervise.after_body_sent') return;
      handleProbes(null);
      throw new Error('something of the worker failed');
    });
    const task = await queueTask(world.db, dag, taskId);
    await ring(world.broker, task);
    const attempt = await until(async () => (await attemptsOf(world.db, task)).find((one) => one.outcome !== null), {
      what: 'the attempt is over',
    });
    return { task, attempt };
  }

  it('is ended, and not begun again without retries: it may have run', async () => {
    const { task, attempt } = await stumbling('once');
    const { state, reason } = await ended(world.db, task);
    expect(state).toBe('failed');
    expect(reason).toBe('the worker failed while the task ran: something of the worker failed');
    expect(isAlive(attempt.pid!)).toBe(false);
  });

  it('is ended, and has cost a try with them', async () => {
    const { task, attempt } = await stumbling('twice');
    expect((await ended(world.db, task)).state).toBe('up_for_retry');
    expect(isAlive(attempt.pid!)).toBe(false);
  });
});

describe('output without end', () => {
  it('is cut by line, and what follows is still read', async () => {
    const before = process.memoryUsage.rss();
    const { task, instance } = await run('floods');
    expect(instance.state).toBe('success');
    const lines = await logOf(world.config, task);
    const long = lines.find((line) => line.source === 'stdout')!;
    expect(long.event.length).toBeLessThan(66_000);
    expect(long.event.slice(-60)).toMatch(/line cut, 2096\d+ more bytes/);
    expect(lines.some((line) => line.event === 'after the flood')).toBe(true);
    expect(process.memoryUsage.rss() - before).toBeLessThan(150 * 1024 * 1024);
  });
});
