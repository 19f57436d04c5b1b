/**
 * The final states against the pure model: a run is decided anew in memory, by core alone, where bodies end as they were
 * recorded to have ended and in that order. What the scheduler made of it, over all its deaths, must be the same.
 */
import type { DagSpec } from '#core/dag-spec.ts';
import { indexDag } from '#core/scheduling/dag-index.ts';
import { decideRun } from '#core/scheduling/decide-run.ts';
import { type Instance, type InstanceRow, RunModel } from '#core/scheduling/run-model.ts';
import type { TaskInstanceState } from '#core/states.ts';
import type { Check, Evidence } from './check.ts';

interface RecordedRun {
  readonly dagRunId: string;
  readonly dagId: string;
  readonly runId: string;
  readonly state: 'success' | 'failed';
  readonly spec: DagSpec;
  readonly lengths: Readonly<Record<string, number>>;
  readonly instances: readonly Recorded[];
}

interface Recorded extends InstanceRow {
  readonly lastEvent: string | null;
  /** Number of the event by which it came to its final state. */
  readonly endedBy: number;
}

/** Events by which the scheduler ends an instance that never ran. */
const BY_RULE: ReadonlySet<string> = new Set(['skip_by_rule', 'fail_upstream', 'give_up', 'remove']);
/** Rules that settle while other upstreams still run: a gate that closes later comes too late, or not. */
const AT_ONCE: ReadonlySet<string> = new Set(['one_success', 'one_failed', 'one_done']);
const STEPS_MAX = 10_000;

export const MODEL_CHECK: Check = {
  id: 'MODEL',
  promise: 'Every instance and every run ended as the pure model says, given how the bodies ended.',
  violations: async (evidence) => (await readRuns(evidence)).flatMap(replay),
};

async function readRuns({ cluster }: Evidence): Promise<readonly RecordedRun[]> {
  return cluster.sql<RecordedRun>(`
    select r.dag_run_id as "dagRunId", r.dag_id as "dagId", r.run_id as "runId", r.state, v.spec,
           (select coalesce(jsonb_object_agg(scope_id, length), '{}') from task_map m where m.dag_run_id = r.dag_run_id) as lengths,
           (select jsonb_agg(jsonb_build_object('id', ti.task_instance_id, 'taskId', ti.task_id, 'mapIndex', ti.map_index, 'state', ti.state,
                   'followed', ti.followed, 'lastEvent', e.event, 'endedBy', coalesce(e.event_id, 0)))
              from task_instance ti left join lateral (
                   select event, event_id from task_instance_event e where e.task_instance_id = ti.task_instance_id order by event_id desc limit 1) e on true
             where ti.dag_run_id = r.dag_run_id) as instances
      from dag_run r join dag_version v using (version_id) where r.state in ('success', 'failed') and r.started_at is not null
       and not exists (select 1 from task_instance ti where ti.dag_run_id = r.dag_run_id
                        and ti.state not in ('success', 'failed', 'skipped', 'upstream_failed', 'removed'))`);
}

function replay(recorded: RecordedRun): readonly string[] {
  const wrong: string[] = [];
  const byId = new Map(recorded.instances.map((instance) => [instance.id, instance]));
  const run = modelOf(recorded);
  /** Instances that another order would have ended as they did. */
  const reordered = new Set<string>();
  let end: string | null = null;
  for (let steps = 0; end === null && steps < STEPS_MAX; steps++) {
    const decision = decideRun(run, 0);
    for (const { instance } of decision.moves) wrong.push(...judge(run, instance, { byId, reordered, ...recorded }));
    end = decision.end?.state ?? null;
    const next = nextToEnd(run, byId);
    if (next === null && end === null && decision.moves.length === 0) break;
    if (next !== null) {
      next.instance.followed = next.ended.followed;
      run.setState(next.instance, next.ended.state);
    }
  }
  if (end !== recorded.state)
    wrong.push(`${recorded.dagId} ${recorded.runId}: is ${recorded.state}, by the model ${end ?? 'it never ends'}`);
  return wrong;
}

function modelOf({ dagRunId, dagId, runId, spec, lengths, instances }: RecordedRun): RunModel {
  const row = { dagRunId, dagId, runId, runType: 'manual', shard: 0, state: 'running', runAfterMs: 0, logicalDateMs: null } as const;
  const fresh = instances.map(
    (instance): InstanceRow => ({
      ...instance,
      state: instance.state === 'removed' ? 'removed' : 'none',
      followed: null,
      tryNumber: 0,
      leaseEpoch: 0,
      pool: '',
      poolSlots: 1,
      queue: '',
      priorityWeight: 1,
      nextTryAtMs: null,
      queuedAtMs: null,
      reason: null,
    }),
  );
  const run = new RunModel({ ...row, startedAtMs: 0, params: {}, revision: 0 }, indexDag(spec), fresh, new Map(Object.entries(lengths)));
  run.markAllDirty();
  return run;
}

/** Of those the model lets run, the one that ended first. */
function nextToEnd(run: RunModel, byId: ReadonlyMap<string, Recorded>): { readonly instance: Instance; readonly ended: Recorded } | null {
  const ready = [...run.ready].map((instance) => ({ instance, ended: byId.get(instance.id) as Recorded }));
  return ready.toSorted((a, b) => a.ended.endedBy - b.ended.endedBy)[0] ?? null;
}

interface Past {
  readonly byId: ReadonlyMap<string, Recorded>;
  readonly reordered: Set<string>;
}

function judge(
  run: RunModel,
  instance: Instance,
  { byId, reordered, dagId, runId }: Pick<RecordedRun, 'dagId' | 'runId'> & Past,
): readonly string[] {
  const ended = byId.get(instance.id) as Recorded;
  const didRun = !BY_RULE.has(ended.lastEvent ?? '');
  const isRight = instance.state === 'scheduled' ? didRun : instance.state === ended.state && (!didRun || instance.state === 'success');
  if (isRight) return [];
  const isOrder = dependsOnOrder(run, instance, { byId, reordered });
  const said = instance.state === 'scheduled' ? 'it runs' : instance.state;
  // Whatever the model thinks, what follows is judged by what was.
  if (instance.state !== ended.state) run.setState(instance, ended.state);
  if (isOrder) {
    reordered.add(instance.id);
    return [];
  }
  const index = ended.mapIndex < 0 ? '' : `[${ended.mapIndex}]`;
  return [`${dagId} ${runId} ${ended.taskId}${index} (${ended.id}): ended as ${ended.state} by ${ended.lastEvent}, by the model ${said}`];
}

/**
 * Two upstreams that end in one pass or in two may settle a rule in two ways, and so may one that was cleared and ended once
 * more when the others had; both are right. So it goes by how the upstreams ended, whenever they did.
 */
function dependsOnOrder(run: RunModel, instance: Instance, { byId, reordered }: Past): boolean {
  const { task } = run.taskOf(instance);
  const upstreams = task.upstream.flatMap((number) => run.tasks[number]?.instances ?? []);
  const states = new Set(upstreams.map(({ id }) => byId.get(id)?.state));
  const pair = new Set<TaskInstanceState | undefined>([instance.state, byId.get(instance.id)?.state]);
  if (pair.has('skipped') && pair.has('upstream_failed'))
    // What follows such a one is decided with it, in the same pass.
    return (
      (states.has('skipped') && (states.has('failed') || states.has('upstream_failed'))) || upstreams.some(({ id }) => reordered.has(id))
    );
  return AT_ONCE.has(task.spec.triggerRule) && run.index.tasks.some((other) => other.spec.kind === 'gate' || other.spec.kind === 'branch');
}
