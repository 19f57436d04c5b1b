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

/** A process that has lived for an hour. */
const aProcess = (kind: string) =>
  `insert into service (service_id, kind, hostname, pid, version, started_at) values ('${kind}-1', '${kind}', 'h', 1, '1', clock_timestamp() - interval '1 hour')`;
/** A scheduler that has looked after all shares for an hour. */
const caredFor = `${aProcess('scheduler')}; update scheduler_shard set owner = 'scheduler-1', expires_at = clock_timestamp() + interval '1 hour'`;
/** An hourly DAG that catches up, and three runs of it that have ended. */
const TIMETABLE = `insert into dag (dag_id, file_path, is_paused, shard) values ('hourly', 'h.ts', false, 0);
  insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path)
    select new_id(), 'hourly', 1, 'h', 'none', spec || '{"schedule": {"kind": "cron", "expression": "0 * * * *", "timezone": "UTC"}, "catchup": true}', '', 'h.ts' from dag_version where dag_id = 'ended';
  update dag set version_id = (select version_id from dag_version where dag_id = 'hourly') where dag_id = 'hourly';
  insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, logical_date, data_interval_start, data_interval_end, run_after, triggered_by, ended_at)
    select new_id(), 'hourly', 's' || n, 'scheduled', 'success', version_id, 0, t, t - interval '1 hour', t, t, 'timetable', clock_timestamp()
      from dag, generate_series(1, 3) n, lateral (select '2026-01-01T00:00Z'::timestamptz + n * interval '1 hour' as t) x where dag_id = 'hourly'`;

/** The run that has ended, summed up rightly. */
const SUMMED = `insert into dag_run_summary
  select r.dag_run_id, r.ended_at, r.revision, 1, 0, 0, 0, 0, 0, 0, i.started_at, i.started_at, i.ended_at, i.ended_at, -1, -1
    from dag_run r join task_instance i using (dag_run_id) where r.dag_id = 'ended'`;

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
  'INV-10': {
    'a run of no tick': () => `${TIMETABLE}; update dag_run set data_interval_end = '2026-01-01T00:30Z' where run_id = 's2'`,
    'a tick without a run': () => `${TIMETABLE}; delete from dag_run where run_id = 's2'`,
  },
  'INV-11': {
    'an event of an asset by a try that failed': ({ a }) =>
      `insert into asset (name, uri) values ('x', 'x'); insert into asset_event (asset_id, source_dag_id, source_run_id, source_task_id, attempt_id) select asset_id, 'open', run_id, 'a', attempt_id from asset, task_attempt t join task_instance using (task_instance_id) join dag_run using (dag_run_id) where t.task_instance_id = ${a} and t.outcome = 'failed'`,
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
  'INV-15': {
    'a question that is open in a run that has ended': ({ only }) =>
      `insert into approval_request (task_instance_id, lease_epoch, try_number, subject, options, defaults, multiple, form_defaults, assignees) values (${only}, 1, 1, 'Ship it?', '{yes}', '{}', false, '{}', '{}')`,
  },
  'INV-16': {
    'a body that ran for an hour': ({ only }) =>
      `update task_attempt set body_started_at = ended_at - interval '1 hour' where task_instance_id = ${only}`,
  },
  'INV-17': {
    'a try before its time': ({ a }) =>
      `update dag_version set spec = jsonb_set(spec, '{tasks,0,retryDelayMs}', '600000') where dag_id = 'open'; update task_attempt set error = '{"name": "Error", "message": "boom"}' where task_instance_id = ${a}`,
  },
  'INV-18': {
    'more tasks than a run may have': () => `update dag_version set spec = jsonb_set(spec, '{maxActiveTasks}', '0') where dag_id = 'open'`,
    'more runs than a DAG may have': () => `update dag_version set spec = jsonb_set(spec, '{maxActiveRuns}', '0') where dag_id = 'open'`,
  },
  'INV-19': {
    'a run that nobody asked for': () =>
      `insert into audit_log (actor, action, at) values ('u', 'login', clock_timestamp() - interval '1 day'); update dag_run set triggered_by = 'rest_api', triggering_user = 'u' where dag_id = 'ended'`,
  },
  'INV-20': {
    'a run that was triggered, and is not there': () =>
      `insert into audit_log (actor, action, dag_id, run_id) values ('u', 'dag_run.trigger', 'ended', 'nowhere')`,
    'a run that was triggered twice': () =>
      `insert into audit_log (actor, action, dag_id, run_id) select 'u', 'dag_run.trigger', dag_id, run_id from dag_run, generate_series(1, 2) where dag_id = 'ended'`,
  },
  'INV-23': {
    'a connection of a process that has stopped': () =>
      `insert into service (service_id, kind, hostname, pid, version, stopped_at) values ('gone', 'worker', 'h', 4242, '1', clock_timestamp() - interval '1 hour'); set local application_name = 'worker:4242'`,
  },
  'INV-25': {
    'a share that a stopped scheduler holds': () =>
      `insert into service (service_id, kind, hostname, pid, version, stopped_at) values ('gone', 'scheduler', 'h', 1, '1', clock_timestamp() - interval '1 hour'); update scheduler_shard set owner = 'gone', expires_at = clock_timestamp() + interval '1 hour' where shard = 3`,
  },
  'INV-26': {
    'a wait that nobody waits for': ({ c }) =>
      `insert into waiter (task_instance_id, lease_epoch, kind, args, ends, words, due_at) values (${c}, 0, 'time', '{}', '{}', 'a time', clock_timestamp())`,
  },
  'INV-27': {
    'a summary that miscounts': () => `${SUMMED}; update dag_run_summary set success = success + 1`,
    'an instance that is changed after the end, with no word of it': ({ only }) =>
      `${SUMMED}; update task_instance set started_at = started_at - interval '1 second' where task_instance_id = ${only}`,
  },
  L1: {
    'a run that no scheduler looks after': () =>
      `update scheduler_shard set expires_at = clock_timestamp() - interval '1 hour'; update dag_run set queued_at = queued_at - interval '1 hour'`,
  },
  L10: {
    'a file that nobody parses': () =>
      `${aProcess('dag_processor')}; insert into parse_request (bundle_name, file_path, asked_at) values ('dags-folder', 'test.ts', clock_timestamp() - interval '1 hour')`,
    'an event that no plugin hears': () =>
      `${aProcess('scheduler')}; insert into plugin (name, file_path, provides) values ('p', 'p.ts', '{}'); insert into plugin_event (plugin, listener, event, at) values ('p', 'onStarting', '{}', clock_timestamp() - interval '1 hour')`,
    'a deadline that nobody settles': () =>
      `${caredFor}; insert into deadline (dag_run_id, slot, name, due_at, callbacks) select dag_run_id, 0, 'late', clock_timestamp() - interval '1 hour', '{}' from dag_run where dag_id = 'open'`,
  },
  L2: {
    'a queued instance and an idle worker': ({ a }) =>
      `insert into service (service_id, kind, hostname, pid, version, started_at, state, queues, slots, running) values ('w', 'worker', 'h', 1, '1', clock_timestamp() - interval '1 hour', 'running', '{default}', 8, 0); insert into task_instance (task_instance_id, dag_run_id, task_id, state, operator, queue, pool, pool_slots, priority_weight, queued_at) select new_id(), dag_run_id, 'd', 'queued', 'task', 'default', 'default_pool', 1, 1, clock_timestamp() - interval '1 hour' from task_instance where task_instance_id = ${a}; insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor) select task_instance_id, e.event, e.f, e.t, 1, 0, 'x' from task_instance, (values (1, 'schedule', 'none', 'scheduled'), (2, 'enqueue', 'scheduled', 'queued')) e(n, event, f, t) where task_id = 'd' order by e.n`,
  },
  L3: {
    'a lease that ran out long ago': ({ b }) =>
      `update task_instance set lease_expires_at = clock_timestamp() - interval '1 hour' where task_instance_id = ${b}`,
  },
  L4: {
    'a run in which nothing moves, and nothing says why': ({ b }) =>
      `${caredFor}; update dag_run set started_at = clock_timestamp() - interval '1 hour' where dag_id = 'open'; update task_instance set scheduled_at = null, ended_at = ended_at - interval '1 hour' where dag_run_id = (select dag_run_id from task_instance where task_instance_id = ${b}); delete from task_instance where task_instance_id = ${b}`,
  },
  L5: {
    'a callback that nobody calls': ({ a }) =>
      `insert into service (service_id, kind, hostname, pid, version, started_at, state, queues, slots, running) values ('w', 'worker', 'h', 1, '1', clock_timestamp() - interval '1 hour', 'running', '{default}', 8, 0); insert into callback_request (dag_run_id, kind, position, name, reason, next_try_at) select dag_run_id, 'on_success', 0, 'mail', 'success', clock_timestamp() - interval '1 hour' from task_instance where task_instance_id = ${a}`,
  },
  L6: {
    'a try whose time has long come': () => {
      const insert = `insert into task_instance (task_instance_id, dag_run_id, task_id, state, operator, queue, pool, pool_slots, priority_weight, next_try_at) select new_id(), dag_run_id, 'd', 'up_for_retry', 'task', 'default', 'default_pool', 1, 1, clock_timestamp() - interval '1 hour' from dag_run where dag_id = 'open'`;
      return `${caredFor}; ${insert}; insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor) select task_instance_id, e.event, e.f, e.t, 1, 0, 'x' from task_instance, (values (1, 'schedule', 'none', 'scheduled'), (2, 'enqueue', 'scheduled', 'queued'), (3, 'start', 'queued', 'running'), (4, 'retry', 'running', 'up_for_retry')) e(n, event, f, t) where task_id = 'd' order by e.n`;
    },
  },
  L7: {
    'a wait that nobody looks at': () => {
      const insert = `insert into task_instance (task_instance_id, dag_run_id, task_id, state, operator, queue, pool, pool_slots, priority_weight) select new_id(), dag_run_id, 'd', 'deferred', 'task', 'default', 'default_pool', 1, 1 from dag_run where dag_id = 'open'`;
      return `${aProcess('triggerer')}; ${insert}; insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor) select task_instance_id, e.event, e.f, e.t, 0, 0, 'x' from task_instance, (values (1, 'schedule', 'none', 'scheduled'), (2, 'start_deferred', 'scheduled', 'deferred')) e(n, event, f, t) where task_id = 'd' order by e.n; insert into waiter (task_instance_id, lease_epoch, kind, args, ends, words, created_at, due_at) select task_instance_id, 0, 'time', '{}', '{}', 'a time', clock_timestamp() - interval '1 hour', clock_timestamp() - interval '1 hour' from task_instance where task_id = 'd'`;
    },
  },
  L8: {
    'a run that is not made though its time has come': () =>
      `${caredFor}; update dag set next_run_after = clock_timestamp() - interval '1 hour' where dag_id = 'ended'`,
  },
  L9: {
    'a queue without a worker': () => {
      const insert = `insert into task_instance (task_instance_id, dag_run_id, task_id, state, operator, queue, pool, pool_slots, priority_weight, queued_at) select new_id(), dag_run_id, 'd', 'queued', 'task', 'gpu', 'default_pool', 1, 1, clock_timestamp() - interval '1 hour' from dag_run where dag_id = 'open'`;
      return `${insert}; insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor) select task_instance_id, e.event, e.f, e.t, 1, 0, 'x' from task_instance, (values (1, 'schedule', 'none', 'scheduled'), (2, 'enqueue', 'scheduled', 'queued')) e(n, event, f, t) where task_id = 'd' order by e.n`;
    },
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
    expect(Object.keys(FAULTS).toSorted()).toEqual(INVARIANTS.map((one) => one.id).toSorted());
  });

  const faults = Object.entries(FAULTS).flatMap(([id, byName]) => Object.entries(byName).map(([name, plant]) => ({ id, name, plant })));
  it.for(faults)('$id alone catches $name', async ({ id, plant }) => {
    const broken = await brokenBy(plant(ids));
    expect(Object.keys(broken)).toEqual([id]);
    expect(broken[id]?.[0]).toMatch(/\S: /);
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
