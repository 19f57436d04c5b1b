/**
 * What the brain says of a run when it is told nothing but how the tries of its tasks ended. Whatever died meanwhile, the
 * states in Postgres must be these.
 */
import type { DagSpec } from '#core/dag-spec.ts';
import { indexDag } from '#core/scheduling/dag-index.ts';
import { decideRun } from '#core/scheduling/decide-run.ts';
import { type Instance, RunModel } from '#core/scheduling/run-model.ts';
import { findStop } from '#core/scheduling/stop-run.ts';
import type { TaskInstanceState } from '#core/states.ts';
import { anInstanceRow } from '#test/support/a-run.ts';
import type { ProbedCluster } from './cluster.ts';

interface InstanceOfRun {
  readonly id: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly state: TaskInstanceState;
  readonly maxTries: number;
  readonly followed: readonly string[] | null;
  /** How its tries ended, those that cost one: "success", "failed", "skipped", "lost". */
  readonly outcomes: readonly string[];
  /** The last thing that happened to it without a worker's try. */
  readonly lastEvent: string | null;
}

/** How ends that no try wrote are called in the history. */
const ENDS_WITHOUT_TRY: Readonly<Record<string, TaskInstanceState>> = {
  succeed_deferred: 'success',
  skip_deferred: 'skipped',
  fail_deferred: 'failed',
  mark_success: 'success',
  mark_failed: 'failed',
  mark_skipped: 'skipped',
};

/** In what these runs differ from what the model says; empty = in nothing. */
export async function compareModel(cluster: ProbedCluster, dagRunIds: readonly string[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const dagRunId of dagRunIds) faults.push(...(await compareRun(cluster, dagRunId)));
  return faults;
}

async function compareRun(cluster: ProbedCluster, dagRunId: string): Promise<readonly string[]> {
  const [run] = await cluster.sql<{ state: string; name: string; spec: DagSpec; params: unknown }>(
    `select r.state, r.dag_id || ' ' || r.run_id as name, v.spec, r.params from dag_run r join dag_version v using (version_id) where r.dag_run_id = $1`,
    [dagRunId],
  );
  if (!run) return [`the run ${dagRunId} is gone`];
  const instances = await cluster.sql<InstanceOfRun>(
    `select ti.task_instance_id as id, ti.task_id as "taskId", ti.map_index as "mapIndex", ti.state, ti.max_tries as "maxTries", ti.followed,
            array(select a.outcome from task_attempt a where a.task_instance_id = ti.task_instance_id and a.clear_number = ti.clear_number
                     and (a.outcome in ('success', 'failed', 'skipped') or (a.outcome = 'lost' and a.body_started_at is not null)) order by a.lease_epoch) as outcomes,
            (select e.event from task_instance_event e where e.task_instance_id = ti.task_instance_id order by e.event_id desc limit 1) as "lastEvent"
       from task_instance ti where ti.dag_run_id = $1`,
    [dagRunId],
  );
  const lengths = await cluster.sql<{ scopeId: string; length: number }>(
    'select scope_id as "scopeId", length from task_map where dag_run_id = $1',
    [dagRunId],
  );
  const model = modelOf(run.spec, run.params, instances, new Map(lengths.map((one) => [one.scopeId, one.length])));
  const byId = new Map(instances.map((row) => [row.id, row]));
  const state = replay(model, byId);
  // What runs when a run is stopped may end either way; that it is over and the run failed is what counts.
  if (state === 'stopped') return run.state === 'failed' ? [] : [`${run.name} is ${run.state}; the model stops it`];
  const faults = instances
    .map((row) => ({ row, wanted: model.byId.get(row.id)?.state }))
    .filter(({ row, wanted }) => row.state !== wanted)
    .map(
      ({ row, wanted }) =>
        `${run.name} ${row.taskId}[${row.mapIndex}] is ${row.state}; the model says ${wanted} (tries: ${row.outcomes.join(', ')})`,
    );
  return run.state === state ? faults : [...faults, `${run.name} is ${run.state}; the model says ${state}`];
}

function modelOf(spec: DagSpec, params: unknown, instances: readonly InstanceOfRun[], lengths: ReadonlyMap<string, number>): RunModel {
  const row = {
    dagRunId: 'r',
    dagId: spec.dagId,
    runId: 'r',
    runType: 'manual',
    shard: 0,
    state: 'running' as const,
    runAfterMs: 0,
    logicalDateMs: null,
    startedAtMs: 0,
    params,
    revision: 0,
  };
  const rows = instances.map(({ id, taskId, mapIndex }) => ({ ...anInstanceRow(taskId, { mapIndex }), id }));
  const model = new RunModel(row, indexDag(spec), rows, new Map(lengths));
  model.markAllDirty();
  return model;
}

/** Lets the model decide, and every scheduled task end as it did, until nothing moves any more. */
function replay(model: RunModel, byId: ReadonlyMap<string, InstanceOfRun>): string {
  for (;;) {
    if (findStop(model, 0) !== null) return 'stopped';
    const decision = decideRun(model, 0);
    if (decision.end) return decision.end.state;
    let moved = decision.moves.length > 0;
    for (const instance of model.byId.values()) moved = endAsItDid(model, instance, byId.get(instance.id)) || moved;
    if (!moved) return 'running';
  }
}

function endAsItDid(model: RunModel, instance: Instance, row: InstanceOfRun | undefined): boolean {
  const end = instance.state === 'scheduled' && row ? endOf(row) : null;
  if (end === null || row === undefined) return false;
  model.setState(instance, 'queued');
  model.setState(instance, 'running');
  instance.followed = row.followed;
  model.setState(instance, end);
  return true;
}

/** Null: no try of it has ended it. */
function endOf({ outcomes, maxTries, lastEvent }: InstanceOfRun): TaskInstanceState | null {
  const marked = ENDS_WITHOUT_TRY[lastEvent ?? ''];
  if (marked !== undefined) return marked;
  if (outcomes.includes('success')) return 'success';
  if (outcomes.includes('skipped')) return 'skipped';
  return outcomes.length > maxTries ? 'failed' : null;
}
