// Goal: each invariant finds the fault it is there for, and a history that Windlass itself wrote breaks none.
// Method: a run by the real engine and the worker's statements; each fault is planted in a transaction that is undone.
import { beforeEach, describe, expect, it } from 'vitest';
import { checkInvariants, INVARIANTS } from '#platform/db/invariants/check-invariants.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { until } from '#test/support/until.ts';
import { claim, database, finish, instances, settle, sql, startRun, statesOf } from '../scheduler/engine-harness.ts';

const DAY_MS = 86_400_000;

let ids: Readonly<Record<string, string>>;

/** `a` is tried twice and succeeds, `b` runs, `c` waits for it; another run has ended. */
beforeEach(async () => {
  const ended = await startRun(aDagSpec('ended', [aTask('only', { executionTimeoutMs: 1_000 })]));
  await finish(ended, 'only', { valueJson: '1', bytes: 1 });
  const run = await startRun(
    aDagSpec('open', [aTask('a', { retries: 1 }), aTask('b', { upstream: ['a'] }), aTask('c', { upstream: ['b'] })]),
  );
  await finish(run, 'a', { event: 'retry', reason: 'boom', nextTryInMs: 0 });
  await until(
    async () => {
      await settle();
      return (await statesOf(run))['a'] === 'queued';
    },
    { what: 'the second try is queued' },
  );
  await finish(run, 'a', { valueJson: '1', bytes: 1 });
  await claim(run, 'b');
  await sql('update task_attempt set body_started_at = claimed_at');
  ids = Object.fromEntries(
    [...(await instances(ended)), ...(await instances(run))].map((row) => [row.task_id, `'${row.task_instance_id}'`]),
  );
});

/** Id of the invariant -> faults: SQL over the ids of the instances. */
const FAULTS: Readonly<Record<string, Readonly<Record<string, (id: typeof ids) => string>>>> = {
  'INV-01': {
    'an event that does not exist': ({ a }) =>
      `update task_instance_event set event = 'teleport' where event_id = (select min(event_id) from task_instance_event where task_instance_id = ${a})`,
  },
  'INV-02': {
    'a state that the history does not say': ({ c }) => `update task_instance set state = 'scheduled' where task_instance_id = ${c}`,
    'a gap in the history': ({ a }) => `delete from task_instance_event where task_instance_id = ${a} and event = 'enqueue'`,
  },
  'INV-03': {
    'a task scheduled before its upstream succeeded': ({ a }) =>
      `update task_instance_event set event_id = default where task_instance_id = ${a} and event = 'succeed'`,
  },
  'INV-04': {
    'a write with an old lease': ({ b }) =>
      `update task_instance_event set lease_epoch = 7 where task_instance_id = ${b} and event = 'schedule'`,
  },
  'INV-05': {
    'a success without a winner': ({ only }) => `update task_attempt set outcome = 'skipped' where task_instance_id = ${only}`,
    'a winner nobody heard of': ({ a }) =>
      `update task_attempt set outcome = 'success', clear_number = 9 where task_instance_id = ${a} and outcome = 'failed'`,
  },
  'INV-06': {
    'a running instance without an attempt': ({ b }) =>
      `update task_attempt set outcome = 'killed', ended_at = clock_timestamp() where task_instance_id = ${b}`,
    'an attempt on another lease': ({ b }) => `update task_attempt set lease_epoch = 9 where task_instance_id = ${b}`,
  },
  'INV-07': {
    'one try too many': ({ a }) =>
      `insert into task_attempt (attempt_id, task_instance_id, try_number, clear_number, lease_epoch, worker_id, hostname, outcome, body_started_at, ended_at, claimed_at)
       select new_id(), ${a}, 1, 0, 0, 'w', 'h', 'lost', t, t, t from (select clock_timestamp() - interval '1 hour' as t) x`,
  },
  'INV-08': {
    'an open instance in an ended run': ({ c }) =>
      `update dag_run set state = 'failed', ended_at = clock_timestamp() where dag_run_id = (select dag_run_id from task_instance where task_instance_id = ${c})`,
  },
  'INV-09': {
    'a pool with more in use than it has': () => `update pool set slots = 0 where name = 'default_pool'; delete from pool_reservation`,
  },
  'INV-12': {
    'a body that is not to be repeated, begun twice': ({ b }) =>
      `insert into task_attempt (attempt_id, task_instance_id, try_number, clear_number, lease_epoch, worker_id, hostname, outcome, body_started_at, ended_at, claimed_at) values (new_id(), ${b}, 1, 0, 0, 'w', 'h', 'lost', clock_timestamp() - interval '1 hour', clock_timestamp() - interval '1 hour', clock_timestamp() - interval '1 hour')`,
  },
  'INV-13': {
    'attempts that overlap': ({ a }) =>
      `update task_attempt set ended_at = ended_at + interval '1 hour' where task_instance_id = ${a} and outcome = 'failed'`,
  },
  'INV-14': {
    'the result of a try that failed': ({ a }) =>
      `update xcom set attempt_id = (select attempt_id from task_attempt where task_instance_id = ${a} and outcome = 'failed') where task_instance_id = ${a}`,
  },
  'INV-16': {
    'a body that ran for an hour': ({ only }) =>
      `update task_attempt set body_started_at = ended_at - interval '1 hour' where task_instance_id = ${only}`,
  },
  'INV-26': {
    'a wait that nobody waits for': ({ c }) =>
      `insert into waiter (task_instance_id, lease_epoch, kind, args, ends, words, due_at) values (${c}, 0, 'time', '{}', '{}', 'a time', clock_timestamp())`,
  },
  L1: {
    'a run that no scheduler looks after': () =>
      `update scheduler_shard set expires_at = clock_timestamp() - interval '1 hour'; update dag_run set queued_at = queued_at - interval '1 hour'`,
  },
  L2: {
    'a queued instance and an idle worker': ({ a }) =>
      `insert into service (service_id, kind, hostname, pid, version, started_at, state, queues, slots, running) values ('w', 'worker', 'h', 1, '1', clock_timestamp() - interval '1 hour', 'running', '{default}', 8, 0); insert into task_instance (task_instance_id, dag_run_id, task_id, state, operator, queue, pool, pool_slots, priority_weight, queued_at) select new_id(), dag_run_id, 'd', 'queued', 'task', 'default', 'default_pool', 1, 1, clock_timestamp() - interval '1 hour' from task_instance where task_instance_id = ${a}; insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor) select task_instance_id, e.event, e.f, e.t, 1, 0, 'x' from task_instance, (values (1, 'schedule', 'none', 'scheduled'), (2, 'enqueue', 'scheduled', 'queued')) e(n, event, f, t) where task_id = 'd' order by e.n`,
  },
  L3: {
    'a lease that ran out long ago': ({ b }) =>
      `update task_instance set lease_expires_at = clock_timestamp() - interval '1 hour' where task_instance_id = ${b}`,
  },
  L5: {
    'a callback that nobody calls': ({ a }) =>
      `insert into service (service_id, kind, hostname, pid, version, started_at, state, queues, slots, running) values ('w', 'worker', 'h', 1, '1', clock_timestamp() - interval '1 hour', 'running', '{default}', 8, 0); insert into callback_request (dag_run_id, kind, position, name, reason, next_try_at) select dag_run_id, 'on_success', 0, 'mail', 'success', clock_timestamp() - interval '1 hour' from task_instance where task_instance_id = ${a}`,
  },
};

/** What is broken after the fault; the fault is undone. The database's own guards are off meanwhile: they would refuse some faults. */
async function brokenBy(fault: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const client = await database.db.pool.connect();
  try {
    await client.query('begin; set local session_replication_role = replica');
    await client.query(fault);
    const checked = await checkInvariants({ query: (s, values) => client.query(s.text, values as unknown[]) as never }, DAY_MS);
    expect(checked.flatMap((one) => one.error ?? [])).toEqual([]);
    return Object.fromEntries(checked.filter((one) => one.violations.length > 0).map((one) => [one.id, one.violations]));
  } finally {
    await client.query('rollback');
    client.release();
  }
}

describe('the invariants', () => {
  it('hold for what Windlass itself wrote', async () => {
    expect(await brokenBy('select 1')).toEqual({});
  });

  it('have a fault each to catch', () => {
    expect(Object.keys(FAULTS)).toEqual(INVARIANTS.map((one) => one.id));
  });

  const faults = Object.entries(FAULTS).flatMap(([id, byName]) => Object.entries(byName).map(([name, plant]) => ({ id, name, plant })));
  it.for(faults)('$id alone catches $name', async ({ id, plant }) => {
    const broken = await brokenBy(plant(ids));
    expect(Object.keys(broken)).toEqual([id]);
    expect(broken[id]?.[0]).toMatch(/\S+: |^pool /);
  });

  it('say at most twenty of many, and that there are more', async () => {
    const [one] = await sql<{ dag_run_id: string }>(`select dag_run_id from dag_run where dag_id = 'ended'`);
    await sql(
      `insert into task_instance (task_instance_id, dag_run_id, task_id, operator, queue, pool, pool_slots, priority_weight)
       select new_id(), $1, 't' || n, 'task', 'default', 'default_pool', 1, 1 from generate_series(1, 30) as n`,
      [one?.dag_run_id],
    );
    const found = (await checkInvariants(database.db, DAY_MS)).find((each) => each.id === 'INV-08');
    expect(found).toMatchObject({ hasMore: true });
    expect(found?.violations).toHaveLength(20);
    expect((await checkInvariants(database.db, 0)).find((each) => each.id === 'INV-08')?.violations).toEqual([]);
  });
});
