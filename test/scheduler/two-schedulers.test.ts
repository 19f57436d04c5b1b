/**
 * Goal: with two schedulers over one database, each of which may die, fail or stand still at any statement, and with
 * workers that die too, every run ends, and at no instant was a limit exceeded or a try started twice.
 * Method: random DAGs run to their end under a seeded fate; then SQL over the history, which holds every state that
 * ever was. A red seed is run again with WINDLASS_TEST_SEED=<seed>; the timing of Postgres stays its own.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DagSpec, TaskSpec } from '#core/dag-spec.ts';
import { shardOf } from '#core/sharding.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { newId, systemClock } from '#platform/clock.ts';
import type { Claimed } from '#platform/db/queries/claim-task-instances.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { findUnclaimedInstances } from '#platform/db/queries/find-unclaimed-instances.ts';
import type { FinishEvent } from '#platform/db/queries/finish-attempts.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { seeded } from '#test/support/seeded.ts';
import { until } from '#test/support/until.ts';
import { beginBodies, claimTaskInstances, finishAttempts } from '#test/support/write-attempts.ts';
import { DyingScheduler, type Fate } from './dying-scheduler.ts';

const SEED = Number(process.env['WINDLASS_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const DAGS = 8;
const RUNS_PER_DAG = 4;
const DEADLINE_MS = 45_000;
const LEASE_TTL_MS = 500;
const MAX_ACTIVE_TASKS = 3;
const POOLS = { few: 3, two: 2 };

let database: TestDatabase;
let testBroker: TestBroker;

beforeAll(async () => {
  database = await createDatabase();
  testBroker = await startBroker(database);
});
afterAll(async () => {
  await testBroker.stop();
  await database.drop();
});

const sql = async <Row>(text: string, values: unknown[] = []) => (await database.db.pool.query(text, values)).rows as Row[];

describe(`two schedulers (seed ${SEED})`, () => {
  it('end every run and hold every limit, whatever dies', { timeout: 60_000 }, async () => {
    const world = await populate(seeded(SEED));
    const scheduling = await startSchedulers(seeded(SEED + 1));
    const working = startWorkers(seeded(SEED + 2), await testBroker.open());
    try {
      await until(async () => (await sql(`select 1 from dag_run where state in ('queued', 'running') limit 1`)).length === 0, {
        what: `every run has ended (seed ${SEED})`,
        deadlineMs: DEADLINE_MS,
        pollMs: 100,
      });
    } finally {
      await working.stop();
      await scheduling.stop();
    }
    expect(scheduling.counts.deaths, 'schedulers died').toBeGreaterThan(0);
    expect(await sql('select count(*)::int as runs from dag_run')).toEqual([{ runs: world.runs }]);
    await expectTruth();
  });
});

/** Every query lists violations: none may be found. */
async function expectTruth(): Promise<void> {
  const violations = {
    'an ended run with an unfinished instance': `
      select r.dag_id, ti.task_id, ti.state from task_instance ti join dag_run r using (dag_run_id)
       where ti.state not in ('success', 'failed', 'skipped', 'upstream_failed', 'removed')`,
    'a gap in the history': `
      select * from (
        select task_instance_id, event, from_state, lag(to_state, 1, 'none') over (partition by task_instance_id order by event_id) as before
          from task_instance_event) h where from_state <> before`,
    'a history that ends elsewhere': `
      select ti.task_instance_id, ti.state, h.to_state from task_instance ti
        join lateral (select to_state from task_instance_event e where e.task_instance_id = ti.task_instance_id order by event_id desc limit 1) h on true
       where h.to_state <> ti.state`,
    'a pool with more taken than it has': `
      select * from (
        select ti.pool, e.event_id, sum(${delta('ti.pool_slots')}) over (partition by ti.pool order by e.event_id) as taken, p.slots
          from task_instance_event e join task_instance ti using (task_instance_id) join pool p on p.name = ti.pool) t where taken > slots`,
    'a run with more active tasks than it may have': `
      select * from (
        select ti.dag_run_id, sum(${delta('1')}) over (partition by ti.dag_run_id order by e.event_id) as active
          from task_instance_event e join task_instance ti using (task_instance_id)) t where active > ${MAX_ACTIVE_TASKS}`,
    'a try whose body began twice': `
      select task_instance_id, try_number from task_attempt where body_started_at is not null
       group by task_instance_id, try_number having count(*) > 1`,
    'more tries than allowed': 'select task_instance_id, try_number, max_tries from task_instance where try_number > max_tries + 1',
    'an attempt left open': 'select attempt_id from task_attempt where ended_at is null',
    'two winners': `select task_instance_id from task_attempt where outcome = 'success' group by task_instance_id having count(*) > 1`,
    'reservations beyond the pool': `select pool from pool_reservation join pool on name = pool group by pool, pool.slots having sum(pool_reservation.slots) > pool.slots`,
    'a task that ran before its upstream had ended': `
      select d.task_instance_id from task_instance d join dag_run r using (dag_run_id) join dag_version v using (version_id)
        cross join lateral jsonb_array_elements(v.spec -> 'tasks') t cross join lateral jsonb_array_elements_text(t -> 'upstream') u(task_id)
        join task_instance up on up.dag_run_id = d.dag_run_id and up.task_id = u.task_id
         and (up.map_index = d.map_index or up.map_index < 0 or d.map_index < 0 or t ->> 'mapScope' is null)
        join task_attempt a on a.task_instance_id = d.task_instance_id
       where t ->> 'taskId' = d.task_id and a.claimed_at < up.ended_at`,
  };
  for (const [what, query] of Object.entries(violations)) expect((await sql(query)).slice(0, 5), `${what} (seed ${SEED})`).toEqual([]);
}

/** What an event adds to the slots in use: an instance holds them from queued until it leaves running. */
function delta(slots: string): string {
  const occupying = (state: string) => `(${state} in ('queued', 'running', 'restarting'))::int`;
  return `${slots} * (${occupying('e.to_state')} - ${occupying('e.from_state')})`;
}

async function populate(random: () => number): Promise<{ runs: number }> {
  for (const [name, slots] of Object.entries(POOLS)) await sql('insert into pool (name, slots) values ($1, $2)', [name, slots]);
  await sql(`insert into dag_bundle (hash, code) values ('none', '')`);
  for (let number = 0; number < DAGS; number++) {
    const spec = randomDag(`dag_${number}`, random);
    const versionId = newId();
    await sql(`insert into dag (dag_id, file_path, is_paused, shard) values ($1, 'test.ts', false, $2)`, [spec.dagId, shardOf(spec.dagId)]);
    await sql(
      `insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path) values ($1, $2, 1, $2, 'none', $3, '', 'test.ts')`,
      [versionId, spec.dagId, JSON.stringify(spec)],
    );
    await sql('update dag set version_id = $2 where dag_id = $1', [spec.dagId, versionId]);
    await createDagRuns(
      database.db,
      Array.from({ length: RUNS_PER_DAG }, (_, index) => ({
        dagRunId: newId(),
        dagId: spec.dagId,
        runId: `manual__${index}`,
        runType: 'manual' as const,
        logicalDate: null,
        dataIntervalStart: null,
        dataIntervalEnd: null,
        runAfter: new Date(systemClock.now() - 1_000),
        conf: { list: Array.from({ length: Math.floor(random() * 4) }, (_item, item) => item) },
        triggeredBy: 'test' as const,
        triggeringUser: null,
        note: null,
      })),
    );
  }
  return { runs: DAGS * RUNS_PER_DAG };
}

function randomDag(dagId: string, random: () => number): DagSpec {
  const scope = { scopeId: 's', over: { from: 'params' as const, taskId: '', path: ['list'] }, maxActive: null, tolerate: 0 };
  const tasks: TaskSpec[] = [];
  const count = 5 + Math.floor(random() * 5);
  for (let number = 0; number < count; number++) {
    const upstream = tasks.filter(() => random() < 0.3).map((task) => task.taskId);
    const pool = random() < 0.4 ? 'few' : random() < 0.3 ? 'two' : 'default_pool';
    tasks.push(
      aTask(`t${number}`, {
        upstream,
        mapScope: random() < 0.2 ? 's' : null,
        triggerRule: random() < 0.7 ? 'all_success' : random() < 0.5 ? 'all_done' : 'none_failed',
        retries: Math.floor(random() * 3),
        retryDelayMs: 20,
        pool,
        poolSlots: pool === 'few' && random() < 0.3 ? 2 : 1,
        priorityWeight: Math.ceil(random() * 5),
      }),
    );
  }
  return aDagSpec(dagId, tasks, { mapScopes: [scope], maxActiveTasks: MAX_ACTIVE_TASKS, maxActiveRuns: 2, failFast: random() < 0.1 });
}

async function startSchedulers(random: () => number) {
  const counts = { deaths: 0 };
  const fate: Fate = {
    next() {
      const roll = random();
      if (roll < 0.004) return 'die_before';
      if (roll < 0.008) return 'die_after';
      if (roll < 0.011) return 'stand_still';
      if (roll < 0.014) return 'fail_before';
      return roll < 0.017 ? 'fail_after' : 'go_on';
    },
  };
  const living = new Map<Broker, DyingScheduler>();
  let stopped = false;
  const live = async (broker: Broker) => {
    const scheduler = new DyingScheduler(database.db, broker, fate);
    living.set(broker, scheduler);
    void scheduler.died.promise.then(() => {
      counts.deaths += 1;
      if (!stopped) void live(broker);
    });
    await scheduler.start();
  };
  for (let number = 0; number < 2; number++) await live(await testBroker.open());
  return {
    counts,
    async stop() {
      stopped = true;
      await Promise.all([...living.values()].map((scheduler) => scheduler.stop()));
    },
  };
}

/** Two workers that look for the same instances, lose doorbells, and die before or after a body began. */
function startWorkers(random: () => number, broker: Broker) {
  let stopped = false;
  const work = async (workerId: string) => {
    while (!stopped) {
      const found = await findUnclaimedInstances(database.db, { queues: ['default'], olderThanMs: 0, limit: 8 });
      const claims = found.map((one) => ({ ...one, attemptId: newId() }));
      const claimed = await claimTaskInstances(database.db, { workerId, hostname: 'h', leaseTtlMs: LEASE_TTL_MS, claims });
      await Promise.all(claimed.filter(() => random() > 0.02).map((one) => attempt(workerId, one)));
      await systemClock.sleep(found.length === 0 ? 20 : 0);
    }
  };
  const attempt = async (workerId: string, claimed: Claimed) => {
    const { attemptId, taskInstanceId, leaseEpoch, dagRunId, mapIndex } = claimed;
    const body = { attemptId, taskInstanceId, leaseEpoch, dagRunId, mapIndex, pid: 1, reads: [], scope: null, params: {} };
    const begins = random() > 0.05;
    if (begins) {
      const begun = await beginBodies(database.db, { workerId, bodies: [body] });
      if (begun.length === 0 || random() < 0.02) return;
    }
    const roll = random();
    const failure: FinishEvent = claimed.tryNumber <= claimed.maxTries ? 'retry' : 'fail';
    const event: FinishEvent = !begins ? 'hand_back' : roll < 0.8 ? 'succeed' : roll < 0.92 ? failure : 'skip';
    const plain = { reason: null, error: null, followed: null, mapLengths: {}, mapLabel: null, extraXcoms: [], callbacks: [] };
    const finish = { ...plain, attemptId, taskInstanceId, leaseEpoch, event, nextTryInMs: event === 'retry' ? 20 : null };
    const accepted = await finishAttempts(database.db, { workerId, finishes: [finish] });
    if (accepted.attemptIds.size > 0 && random() > 0.1)
      broker.ring('task_instances_ended', { shards: [claimed.shard], ids: [taskInstanceId] });
  };
  const working = Promise.all([work('w1'), work('w2')]);
  return {
    async stop() {
      stopped = true;
      await working;
    },
  };
}
