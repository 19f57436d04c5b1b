/** Goal: a deferred task holds no worker, wakes exactly once, and nothing is lost. Method: the engine, real triggerers, a played worker. */
import { describe, expect, it } from 'vitest';
import { timeoutEnd } from '#core/waiting/waiter.ts';
import { whyWaiting } from '#core/why.ts';
import { systemClock } from '#platform/clock.ts';
import { clearInstances, markInstances } from '#platform/db/queries/api/move-instances.ts';
import { readWaitingFacts } from '#platform/db/queries/ui/read-waiting-facts.ts';
import { findTimedOutWaiters } from '#platform/db/queries/waiting/find-timed-out-waiters.ts';
import { endWaits } from '#platform/waiting/end-waits.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { until } from '#test/support/until.ts';
import { broker, claim, database, finish, instances, settle, sql, startRun, statesOf } from '../scheduler/engine-harness.ts';
import { aTriggerer, defer, eventsOf, reaches, stopTriggerer, triggererAlone, waiters } from './harness.ts';

const spec = (retries = 0) => aDagSpec('waits', [aTask('a', { retries, retryDelayMs: 60_000 }), aTask('b', { upstream: ['a'] })]);
const inMs = (ms: number) => ({ at: new Date(systemClock.now() + ms).toISOString() });

describe('a deferred instance', () => {
  it('is queued again when its time has come, and its body is told so', async () => {
    const run = await startRun(spec());
    await defer(run, 'a', { args: inMs(0), state: { page: 3 } });
    expect(await statesOf(run)).toMatchObject({ a: 'deferred' });
    await aTriggerer();
    await reaches(run, 'a', 'scheduled');
    await settle();
    const claimed = await claim(run, 'a');
    expect(claimed?.resumed).toEqual({ event: null, state: { page: 3 } });
    expect(claimed?.tryNumber).toBe(1);
    expect(await waiters()).toEqual([]);
    expect(await eventsOf(run, 'a')).toEqual(['schedule', 'enqueue', 'start', 'defer', 'wake', 'enqueue', 'start']);
  });

  it('can succeed without a worker, with a result for what follows', async () => {
    const run = await startRun(spec());
    await defer(run, 'a', { args: inMs(0), onFound: 'succeed' });
    await aTriggerer();
    await reaches(run, 'a', 'success');
    await settle();
    expect(await statesOf(run)).toEqual({ a: 'success', b: 'queued' });
    expect(await sql('select value from xcom')).toEqual([{ value: null }]);
  });

  it('fails when its time is up, and is tried again while there is a try', async () => {
    const run = await startRun(spec(1));
    await defer(run, 'a', { args: inMs(3_600_000), timeoutMs: 50 });
    await aTriggerer();
    await reaches(run, 'a', 'up_for_retry');
    expect((await instances(run))[0]?.reason).toMatch(
      /^DeferralTimeout: the wait timed out after 50 ms: the time .*; try 2 of 2 in 1 min$/,
    );
  });

  it('is skipped when its time is up and it is soft', async () => {
    const run = await startRun(spec(1));
    await defer(run, 'a', { args: inMs(3_600_000), timeoutMs: 50, softFail: true });
    await aTriggerer();
    await reaches(run, 'a', 'skipped');
  });

  it('is taken again by a triggerer that owns it without knowing so: the answer to its claim was lost', async () => {
    const run = await startRun(spec());
    await defer(run, 'a', { args: inMs(0) });
    const triggerer = triggererAlone('alone');
    await sql(`update waiter set owner = 'alone'`);
    await triggerer.runOnce();
    await triggerer.runOnce();
    await reaches(run, 'a', 'scheduled');
    expect(await eventsOf(run, 'a')).toEqual(['schedule', 'enqueue', 'start', 'defer', 'wake']);
  });

  it('times out without any triggerer: the scheduler looks too', async () => {
    const run = await startRun(spec());
    await defer(run, 'a', { kind: 'answer', args: { subject: 'may it?' }, timeoutMs: 1 });
    const late = await until(async () => (await findTimedOutWaiters(database.db, [...Array(16).keys()], 0)).at(0), { what: 'it is late' });
    await endWaits(database.db, 'scheduler:test', [{ ...late, softFail: false, end: timeoutEnd(late.ends, late.words) }]);
    expect(await statesOf(run)).toMatchObject({ a: 'failed' });
  });

  it('is answered once: the second answer changes nothing', async () => {
    const run = await startRun(spec());
    await defer(run, 'a', { kind: 'answer', args: { subject: 'may it?' } });
    const row = (await instances(run))[0] as { task_instance_id: string; lease_epoch: number };
    const answer = (value: string) =>
      endWaits(database.db, 'user:eva', [
        {
          taskInstanceId: row.task_instance_id,
          leaseEpoch: row.lease_epoch,
          end: { end: 'succeed', value },
          softFail: false,
          bodyState: null,
          words: '',
        },
      ]);
    const answered = await Promise.all([answer('yes'), answer('no'), answer('maybe')]);
    expect(answered.flat()).toHaveLength(1);
    expect(await sql('select count(*)::int as n from task_instance_event where event = $1', ['succeed_deferred'])).toEqual([{ n: 1 }]);
  });

  it.for(['clear', 'mark_failed'] as const)(
    'loses its waiter when a person changes it (%s), and the late triggerer writes nothing',
    async (how) => {
      const run = await startRun(spec());
      await defer(run, 'a', { args: inMs(3_600_000) });
      const row = (await instances(run))[0] as { task_instance_id: string; lease_epoch: number };
      await database.db.transaction('change', (tx) =>
        how === 'clear'
          ? clearInstances(tx, [row.task_instance_id], 'user:eva')
          : markInstances(tx, [row.task_instance_id], { event: how, actor: 'user:eva', reason: 'no' }),
      );
      expect(await waiters()).toEqual([]);
      const late = { taskInstanceId: row.task_instance_id, leaseEpoch: row.lease_epoch, softFail: false, bodyState: null, words: '' };
      expect(await endWaits(database.db, 'triggerer:late', [{ ...late, end: { end: 'wake', event: 1 } }])).toEqual([]);
      expect(await statesOf(run)).toMatchObject({ a: how === 'clear' ? 'none' : 'failed' });
    },
  );

  it('forgets what woke it when it fails and is tried again', async () => {
    const run = await startRun(aDagSpec('again', [aTask('a', { retries: 1, retryDelayMs: 0 })]));
    await defer(run, 'a', { args: inMs(0) });
    await aTriggerer();
    await reaches(run, 'a', 'scheduled');
    await settle();
    await finish(run, 'a', { event: 'retry', nextTryInMs: 0 });
    // It is due by the clock of Postgres, a moment later perhaps than the scheduler's next look.
    const claimed = await until(() => settle().then(() => claim(run, 'a')), { what: 'it is tried again' });
    expect([claimed.tryNumber, claimed.resumed]).toEqual([2, null]);
  });

  it('keeps secrets of its arguments sealed at rest', async () => {
    const run = await startRun(spec());
    await defer(run, 'a', { kind: 'http', args: { url: 'http://localhost:1/', headers: { authorization: 'Bearer hush-hush' } } });
    const text = JSON.stringify(await sql('select args, words, encode(sealed_args, $1) as sealed from waiter', ['escape']));
    expect(text).not.toContain('hush-hush');
    expect(text).toContain('"args":null');
  });
});

describe('several triggerers', () => {
  it('share the waiters, and one that stops hands its own to the other', async () => {
    const run = await startRun(aDagSpec('many', [aTask('a'), aTask('b'), aTask('c'), aTask('d')]));
    for (const task of ['a', 'b', 'c', 'd']) await defer(run, task, { args: inMs(3_600_000) });
    const first = await aTriggerer({ triggererCapacity: 2 });
    await until(async () => (await waiters()).filter((row) => row.owner === first.triggererId).length === 2, {
      what: 'the first owns two',
    });
    const second = await aTriggerer();
    await until(async () => (await waiters()).filter((row) => row.owner === second.triggererId).length === 2, {
      what: 'the second owns two',
    });
    await stopTriggerer(first);
    await until(async () => (await waiters()).every((row) => row.owner === second.triggererId), { what: 'the second owns all' });
  });

  it('take over from one that died', async () => {
    const run = await startRun(spec());
    await defer(run, 'a', { args: inMs(0) });
    await sql(
      `insert into service (service_id, kind, hostname, pid, version, last_heartbeat_at) values ('dead', 'triggerer', 'h', 1, '0', clock_timestamp() - interval '1 minute')`,
    );
    await sql(`update waiter set owner = 'dead'`);
    await aTriggerer();
    await reaches(run, 'a', 'scheduled');
  });

  it('wake each of 5,000 times exactly once', async () => {
    const length = 5_000;
    const over = { from: 'params', taskId: '', path: ['list'] } as const;
    const run = await startRun(
      aDagSpec('thousands', [aTask('m', { mapScope: 'm', pool: 'big' })], {
        mapScopes: [{ scopeId: 'm', over, maxActive: null, tolerate: 0 }],
        maxActiveTasks: 1,
      }),
      { list: Array.from({ length }, (_, index) => index) },
    );
    // As if each had run its body; the pool does not exist, so the engine queues none of them.
    await sql(
      `insert into waiter (task_instance_id, lease_epoch, kind, args, ends, words, due_at)
      select task_instance_id, 0, 'time', jsonb_build_object('at', clock_timestamp()), '{"onFound":"succeed","onTimeout":null,"softFail":false,"timeoutMs":null}', 'the time', clock_timestamp() + (random() * 2) * interval '1 second'
        from task_instance where dag_run_id = $1`,
      [run],
    );
    await sql(`alter table task_instance disable trigger guard_task_instance_state`);
    await sql(`update task_instance set state = 'deferred' where dag_run_id = $1`, [run]);
    await sql(`alter table task_instance enable trigger guard_task_instance_state`);
    await Promise.all([aTriggerer(), aTriggerer()]);
    broker.ring('waiters_changed', {});
    await until(
      async () => (await sql(`select 1 from task_instance where dag_run_id = $1 and state <> 'success' limit 1`, [run])).length === 0,
      {
        what: 'all have ended',
        deadlineMs: 60_000,
      },
    );
    expect(await sql(`select count(*)::int as n from task_instance_event where event = 'succeed_deferred'`)).toEqual([{ n: length }]);
    expect(await waiters()).toEqual([]);
  }, 90_000);
});

describe('why a deferred task does not run', () => {
  const sentences = async (dagRunId: string) =>
    (await readWaitingFacts(database.db, { dagRunId, taskId: 'a', limit: 1 })).flatMap(whyWaiting);

  it('is said in words: for what, since when, until when, what was seen, and that nobody looks', async () => {
    const run = await startRun(spec());
    await defer(run, 'a', { kind: 'file', args: { path: '/nowhere/x' }, everyMs: 100, timeoutMs: 3_600_000 });
    expect(await sentences(run)).toEqual([
      'Waits for the file /nowhere/x, at most 1 h.',
      expect.stringMatching(/^It has waited since 20.* UTC \(.*\), until 20.* UTC\.$/),
      'No triggerer lives, so nobody looks: start one with windlass triggerer.',
      expect.stringMatching(/^No scheduler lives/),
    ]);
    await aTriggerer();
    await until(async () => (await sentences(run)).some((line) => /^The last look, .* ago: No such file\.$/.test(line)), {
      what: 'the last look is told',
    });
  });
});
