/** DAGs, runs and attempts put straight into the database, as the processor, scheduler and worker would leave them. */
import { DAG_DEFAULTS, type DagSpec, SPEC_VERSION, TASK_DEFAULTS, type TaskSpec } from '#core/dag-spec.ts';
import { shardOf } from '#core/sharding.ts';
import { newId } from '#platform/clock.ts';
import type { Database } from '#platform/db/client.ts';

export function aTask(taskId: string, overrides: Partial<TaskSpec> = {}): TaskSpec {
  return {
    taskId,
    kind: 'task',
    operator: 'task',
    groupId: null,
    mapScope: null,
    upstream: [],
    reads: [],
    ...TASK_DEFAULTS,
    maxRetryDelayMs: null,
    executionTimeoutMs: null,
    dependsOnPast: false,
    waitForDownstream: false,
    maxActiveTisPerDag: null,
    maxActiveTisPerDagrun: null,
    branchCases: null,
    sensor: null,
    docMd: null,
    checks: [],
    ...overrides,
  };
}

/** extract -> transform -> load, unless told otherwise. */
export function aSpec(dagId: string, overrides: Partial<DagSpec> = {}): DagSpec {
  return {
    specVersion: SPEC_VERSION,
    dagId,
    description: null,
    docMd: null,
    owner: DAG_DEFAULTS.owner,
    tags: [],
    schedule: { kind: 'none' },
    scheduleSummary: 'never, externally triggered',
    startDate: null,
    endDate: null,
    catchup: DAG_DEFAULTS.catchup,
    maxActiveRuns: DAG_DEFAULTS.maxActiveRuns,
    maxActiveTasks: DAG_DEFAULTS.maxActiveTasks,
    dagrunTimeoutMs: null,
    maxConsecutiveFailedDagRuns: 0,
    failFast: false,
    isPausedUponCreation: null,
    paramsSchema: null,
    paramsDefaults: {},
    groups: [],
    mapScopes: [],
    tasks: [aTask('extract'), aTask('transform', { upstream: ['extract'] }), aTask('load', { upstream: ['transform'] })],
    ...overrides,
  };
}

export interface SavedDag {
  readonly versionId: string;
}

/** Saves the spec as the next version of its DAG, unpaused. */
export async function saveDag(
  db: Database,
  spec: DagSpec,
  row: { isPaused?: boolean; isStale?: boolean; hasImportErrors?: boolean } = {},
): Promise<SavedDag> {
  const versionId = newId();
  const { dagId } = spec;
  await db.pool.query("insert into dag_bundle (hash, code) values ('none', '') on conflict do nothing");
  await db.pool.query(
    `insert into dag (dag_id, file_path, is_paused, is_stale, has_import_errors, shard, last_parse_ms) values ($1, $2, $3, $4, $5, $6, 12.5)
     on conflict (dag_id) do update set is_paused = excluded.is_paused, is_stale = excluded.is_stale, has_import_errors = excluded.has_import_errors`,
    [dagId, `${dagId}.ts`, row.isPaused ?? false, row.isStale ?? false, row.hasImportErrors ?? false, shardOf(dagId)],
  );
  await db.pool.query(
    `insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path)
     select $1::uuid, $2, coalesce(max(version_number), 0) + 1, $1::text, 'none', $3, $4, $5 from dag_version where dag_id = $2`,
    [versionId, dagId, spec, `// source of ${dagId}`, `${dagId}.ts`],
  );
  await db.pool.query('update dag set version_id = $2 where dag_id = $1', [dagId, versionId]);
  return { versionId };
}

/** The id of an instance that is not mapped. */
export async function instanceId(db: Database, key: { dagId: string; runId: string; taskId: string }): Promise<string> {
  const { rows } = await db.pool.query<{ id: string }>(
    `select task_instance_id as id from task_instance ti join dag_run r using (dag_run_id)
      where r.dag_id = $1 and r.run_id = $2 and ti.task_id = $3`,
    [key.dagId, key.runId, key.taskId],
  );
  return rows[0]!.id;
}

/** Puts an instance through a first try that ended so, with its attempt, as a worker would leave it. */
export async function endInstance(
  db: Database,
  key: { dagId: string; runId: string; taskId: string },
  state: 'success' | 'failed',
): Promise<string> {
  const id = await instanceId(db, key);
  await startInstance(db, id);
  await db.pool.query(
    `update task_attempt set outcome = $2, ended_at = clock_timestamp(), error = $3 where task_instance_id = $1 and ended_at is null`,
    [id, state, state === 'failed' ? { name: 'Error', message: 'it broke', stack: 'Error: it broke\n    at task' } : null],
  );
  await db.pool.query(
    `update task_instance set state = $2, lease_owner = null, lease_expires_at = null, ended_at = clock_timestamp() where task_instance_id = $1`,
    [id, state],
  );
  await addEvent(db, id, 'running', state, state === 'success' ? 'succeed' : 'fail');
  return id;
}

/** none -> scheduled -> queued -> running, with a live attempt. */
export async function startInstance(db: Database, id: string): Promise<void> {
  for (const [from, to, event] of [
    ['none', 'scheduled', 'schedule'],
    ['scheduled', 'queued', 'enqueue'],
  ] as const) {
    await db.pool.query(`update task_instance set state = $2, ${to}_at = clock_timestamp() where task_instance_id = $1`, [id, to]);
    await addEvent(db, id, from, to, event);
  }
  await db.pool.query(
    `update task_instance set state = 'running', try_number = try_number + 1, lease_epoch = lease_epoch + 1, lease_owner = 'worker:1',
            lease_expires_at = clock_timestamp() + interval '30 s', last_heartbeat_at = clock_timestamp(), started_at = clock_timestamp()
      where task_instance_id = $1`,
    [id],
  );
  await db.pool.query(
    `insert into task_attempt (attempt_id, task_instance_id, try_number, clear_number, lease_epoch, worker_id, hostname, pid, body_started_at)
     select $2, task_instance_id, try_number, clear_number, lease_epoch, 'worker:1', 'host-1', 4711, clock_timestamp() from task_instance where task_instance_id = $1`,
    [id, newId()],
  );
  await addEvent(db, id, 'queued', 'running', 'start');
}

async function addEvent(db: Database, id: string, from: string, to: string, event: string): Promise<void> {
  await db.pool.query(
    `insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor)
     select task_instance_id, $2, $3, $4, try_number, lease_epoch, 'test' from task_instance where task_instance_id = $1`,
    [id, event, from, to],
  );
}
