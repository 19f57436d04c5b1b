/** GET /ui/api/dags/{dagId}/runs/{runId}/tasks/{taskId}: one instance with attempts, history and XComs. */

import { whyWaiting } from '#core/why.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { TaskInstanceKey } from '#platform/db/queries/api/find-task-instance.ts';
import { type AttemptRow, listAttemptsOf } from '#platform/db/queries/api/list-attempts-of.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import { findRenderedFields } from '#platform/db/queries/rendered-fields.ts';
import { listSyncsOf, type SyncOfInstanceRow } from '#platform/db/queries/sync/list-syncs-of.ts';
import { listChecksOf } from '#platform/db/queries/ui/list-checks-of.ts';
import { listInstanceEvents } from '#platform/db/queries/ui/list-instance-events.ts';
import { listInstanceXComs } from '#platform/db/queries/ui/list-instance-xcoms.ts';
import { listTriggeredRuns } from '#platform/db/queries/ui/read-run-links.ts';
import { readWaitingFacts } from '#platform/db/queries/ui/read-waiting-facts.ts';
import { requireDagRun, requireDagVersion, requireTaskInstance } from '../api/lookups.ts';
import { instancePath, mapIndexQuery } from '../api/path-ids.ts';
import { keyOf } from '../api/task-instances.ts';
import { iso } from '../http/iso.ts';
import { type Route, route } from '../http/route.ts';
import type { UiSyncOfInstance } from './data-types.ts';
import { type ShownTask, uiInstance, uiRun, uiTask } from './shapes.ts';
import type { UiAttempt, UiTaskInstance } from './types.ts';

const XCOM_SHOWN_BYTES = 64 * 1024;

export const taskInstancePageRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/ui/api/dags/:dag_id/runs/:dag_run_id/tasks/:task_id',
    permission: 'viewer',
    summary: 'One task instance.',
    params: instancePath,
    query: mapIndexQuery,
    handle: ({ db, params, query }) => readInstance(db, keyOf(params, query.map_index)),
  }),
];

async function readInstance(db: Queryable, key: TaskInstanceKey): Promise<UiTaskInstance> {
  const run = await requireDagRun(db, key.dagId, key.runId);
  const instance = await requireTaskInstance(db, key);
  const { spec } = await requireDagVersion(db, key.dagId, run.version_number);
  const task: ShownTask = spec.tasks.find((candidate) => candidate.taskId === key.taskId) ?? lostTask(instance);
  const id = instance.task_instance_id;
  const [facts] = await readWaitingFacts(db, { dagRunId: run.dag_run_id, taskId: key.taskId, mapIndex: key.mapIndex, limit: 1 });
  return {
    ...uiInstance(instance),
    run: uiRun(run),
    node: uiTask(task),
    note: instance.note,
    noteBy: instance.note_user,
    noteAt: iso(instance.note_at),
    pool: instance.pool,
    queue: instance.queue,
    priorityWeight: instance.priority_weight,
    attempts: (await listAttemptsOf(db, id)).map(uiAttempt),
    checks: (await listChecksOf(db, id)).map(({ try_number, name, passed, message }) => ({ tryNumber: try_number, name, passed, message })),
    syncs: (await listSyncsOf(db, id)).map(uiSync),
    events: (await listInstanceEvents(db, id)).map((event) => ({
      event: event.event,
      fromState: event.from_state,
      toState: event.to_state,
      at: iso(event.at),
      actor: event.actor,
      reason: event.reason,
      tryNumber: event.try_number,
    })),
    xcoms: await listInstanceXComs(db, id, XCOM_SHOWN_BYTES),
    renderedFields: await findRenderedFields(db, id),
    waitingFor: facts === undefined ? [] : whyWaiting(facts),
    triggeredRuns: await listTriggeredRuns(db, id),
  };
}

function uiAttempt(row: AttemptRow): UiAttempt {
  return {
    tryNumber: row.try_number,
    outcome: row.outcome,
    hostname: row.hostname,
    workerId: row.worker_id,
    pid: row.pid,
    startedAt: iso(row.claimed_at),
    endedAt: iso(row.ended_at),
    error: row.error,
  };
}

function uiSync(row: SyncOfInstanceRow): UiSyncOfInstance {
  return {
    syncId: row.sync_id,
    tryNumber: row.try_number,
    stream: row.stream,
    source: row.source,
    destination: row.destination,
    hasBegun: row.has_begun,
    before: row.state_before,
    after: row.state_after,
    rows: row.rows,
    pages: row.pages,
    removed: row.removed,
    reset:
      row.reset_rows === null
        ? null
        : { rows: row.reset_rows, by: row.reset_by ?? '', removed: row.reset_removed, removes: row.removes ?? 'table' },
  };
}

/** A run always has the tasks of its version; this keeps a page working if a row says otherwise. */
function lostTask(row: TaskInstanceRow): ShownTask {
  return {
    taskId: row.task_id,
    kind: 'task',
    operator: row.operator,
    groupId: null,
    mapScope: null,
    upstream: [],
    retries: row.max_tries,
    triggerRule: 'all_success',
    pool: row.pool,
    queue: row.queue,
    docMd: null,
  };
}
