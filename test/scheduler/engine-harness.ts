/**
 * An engine over real Postgres and a real broker for one test file; the test plays the worker
 * through the worker's own statements. Importing it sets the hooks up.
 */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { DagSpec } from '#core/dag-spec.ts';
import { shardOf } from '#core/sharding.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { newId, systemClock } from '#platform/clock.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import type { Finish } from '#platform/db/queries/finish-attempts.ts';
import { holdShards } from '#platform/db/queries/hold-shards.ts';
import { quietLogger } from '#platform/logger.ts';
import { startBroker, type TestBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { claimTaskInstances, finishAttempts } from '#test/support/write-attempts.ts';
import type { EngineDeps } from '../../scheduler/engine/deps.ts';
import { Engine } from '../../scheduler/engine/engine.ts';
import { Inbox } from '../../scheduler/engine/inbox.ts';
import { Faults } from './faults.ts';

export let database: TestDatabase;
export let testBroker: TestBroker;
export let broker: Broker;
const logger = quietLogger();

beforeAll(async () => {
  database = await createDatabase();
  testBroker = await startBroker(database);
  broker = await testBroker.open();
});
afterAll(async () => {
  await testBroker.stop();
  await database.drop();
});

export async function sql<Row>(text: string, values: unknown[] = []): Promise<Row[]> {
  return (await database.db.pool.query(text, values)).rows as Row[];
}

export async function saveDag(spec: DagSpec): Promise<void> {
  const versionId = newId();
  await sql(`insert into dag_bundle (hash, code) values ('none', '') on conflict do nothing`);
  await sql(`insert into dag (dag_id, file_path, is_paused, shard) values ($1, 'test.ts', false, $2)`, [spec.dagId, shardOf(spec.dagId)]);
  await sql(
    `insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path) values ($1, $2, 1, $2, 'none', $3, '', 'test.ts')`,
    [versionId, spec.dagId, JSON.stringify(spec)],
  );
  await sql('update dag set version_id = $2 where dag_id = $1', [spec.dagId, versionId]);
}

export async function trigger(dagId: string, conf: Record<string, unknown> = {}): Promise<string> {
  const dagRunId = newId();
  await createDagRuns(database.db, [
    {
      dagRunId,
      dagId,
      runId: `manual__${dagRunId}`,
      runType: 'manual',
      logicalDate: null,
      dataIntervalStart: null,
      dataIntervalEnd: null,
      runAfter: new Date(systemClock.now() - 1_000),
      conf,
      triggeredBy: 'test',
      triggeringUser: null,
      note: null,
    },
  ]);
  return dagRunId;
}

export interface Row {
  readonly task_instance_id: string;
  readonly task_id: string;
  readonly map_index: number;
  readonly state: string;
  readonly try_number: number;
  readonly lease_epoch: number;
  readonly reason: string | null;
}

export const instances = (dagRunId: string) =>
  sql<Row>('select * from task_instance where dag_run_id = $1 order by task_id, map_index', [dagRunId]);
export const statesOf = async (dagRunId: string) =>
  Object.fromEntries(
    (await instances(dagRunId)).map((row) => [row.map_index < 0 ? row.task_id : `${row.task_id}[${row.map_index}]`, row.state]),
  );
export const runState = async (dagRunId: string) =>
  (await sql<{ state: string }>('select state from dag_run where dag_run_id = $1', [dagRunId]))[0]?.state;

export let engine: Engine;
export let inbox: Inbox;
export let deps: EngineDeps;
export let schedulerId: string;
/** How far its machine's wall clock is off. */
export const wall = { offMs: 0 };
/** What goes wrong between the engine and Postgres; nothing unless a test says so. */
export let faults: Faults;

beforeEach(async () => {
  schedulerId = `test-${newId()}`;
  faults = new Faults();
  wall.offMs = 0;
  deps = {
    schedulerId,
    config: testConfig(),
    db: faults.over(database.db),
    broker,
    clock: { ...systemClock, now: () => systemClock.now() + wall.offMs },
    logger,
    timetables: { nextRun: async () => null },
  };
  inbox = new Inbox(() => {});
  engine = new Engine(deps, inbox);
  await sql(`update scheduler_shard set owner = null, expires_at = '-infinity'`);
  const held = await holdShards(database.db, { owner: schedulerId, ttlMs: 60_000, wantedMax: 16 });
  await engine.gain(held.shards);
});
afterEach(async () => {
  await sql('delete from dag_run');
  await sql('update dag set version_id = null');
  await sql('delete from dag_version');
  await sql('delete from dag');
  await sql('delete from pool_reservation');
});

/** Passes until nothing is due at once. */
export async function settle(): Promise<void> {
  for (let pass = 0; pass < 20; pass++) if ((await engine.runOnce()) > 0) return;
  throw new Error('the engine does not come to rest');
}

export async function claim(dagRunId: string, taskId: string, mapIndex = -1) {
  const row = (await instances(dagRunId)).find((one) => one.task_id === taskId && one.map_index === mapIndex) as Row;
  const claimed = await claimTaskInstances(database.db, {
    workerId: 'w',
    hostname: 'h',
    leaseTtlMs: 30_000,
    claims: [{ taskInstanceId: row.task_instance_id, tryNumber: row.try_number, leaseEpoch: row.lease_epoch, attemptId: newId() }],
  });
  return claimed[0];
}

/** Ends in Postgres, and the scheduler has not heard of it. */
export async function finishUnheard(dagRunId: string, taskId: string, change: Partial<Finish> = {}, mapIndex = -1) {
  const claimed = await claim(dagRunId, taskId, mapIndex);
  if (!claimed) throw new Error(`${taskId} cannot be claimed`);
  await finishAttempts(database.db, {
    workerId: 'w',
    finishes: [
      {
        attemptId: claimed.attemptId,
        taskInstanceId: claimed.taskInstanceId,
        leaseEpoch: claimed.leaseEpoch,
        event: 'succeed',
        reason: null,
        error: null,
        followed: null,
        mapLengths: {},
        nextTryInMs: null,
        mapLabel: null,
        extraXcoms: [],
        callbacks: [],
        ...change,
      },
    ],
  });
  return claimed;
}

export async function finish(dagRunId: string, taskId: string, change: Partial<Finish> = {}, mapIndex = -1): Promise<void> {
  const { taskInstanceId } = await finishUnheard(dagRunId, taskId, change, mapIndex);
  inbox.ended([taskInstanceId]);
  await settle();
}

export async function startRun(spec: DagSpec, conf: Record<string, unknown> = {}): Promise<string> {
  await saveDag(spec);
  const dagRunId = await trigger(spec.dagId, conf);
  inbox.reloadDag(spec.dagId);
  inbox.reloadRuns(spec.dagId);
  await settle();
  return dagRunId;
}
