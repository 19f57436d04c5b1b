/**
 * PATCH /dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances: mark, note or delete many task instances. `~` in the path means
 * that each entity names its DAG or run. They are named in the answer as "<dag>.<run>.<task>[<map index>]".
 */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { chooseToMark, MARK_STATES, markAll } from '#platform/change-of-mind/mark.ts';
import type { Queryable } from '#platform/db/client.ts';
import { deleteTaskInstance } from '#platform/db/queries/api/delete-task-instance.ts';
import { findTaskInstance, type TaskInstanceKey } from '#platform/db/queries/api/find-task-instance.ts';
import { setTaskInstanceNote } from '#platform/db/queries/api/set-task-instance-note.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import { principalOf, type Route, route, type WebDeps } from '../http/route.ts';
import * as runAnswers from './answers/runs.ts';
import { type BulkOperations, bulkBody, runBulk } from './bulk.ts';
import { requireDagRun, requireTaskInstance } from './lookups.ts';
import { runPath } from './path-ids.ts';
import { ringStopped } from './ring-stopped.ts';
import { noteText, ringRun } from './trigger.ts';

const entity = z.strictObject({
  task_id: z.string().min(1).max(250),
  map_index: z.number().int().min(-1).nullish(),
  dag_id: z.string().nullish(),
  dag_run_id: z.string().nullish(),
  new_state: z.enum(MARK_STATES).nullish(),
  note: noteText,
  include_upstream: z.boolean().default(false),
  include_downstream: z.boolean().default(false),
  include_future: z.boolean().default(false),
  include_past: z.boolean().default(false),
});
type Entity = z.infer<typeof entity>;

export function bulkInstanceRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'PATCH',
      url: '/api/v2/dags/:dag_id/dagRuns/:dag_run_id/taskInstances',
      permission: 'user',
      audit: 'task_instance.bulk',
      summary: 'Mark, note or delete many task instances.',
      response: runAnswers.bulkResult,
      params: runPath,
      body: bulkBody<Entity>(entity as unknown as z.ZodType<Entity>),
      async handle(context) {
        const { db, params, body, audit, afterCommit } = context;
        const touched: TaskInstanceRow[] = [];
        const operations = operationsOf(db, params, principalOf(context).username, touched);
        const result = await runBulk(body, operations);
        audit({ extra: { updated: result.update?.success ?? [], deleted: result.delete?.success ?? [] } });
        afterCommit(() => {
          ringStopped(deps, touched);
          for (const { dag_id, run_id } of new Map(touched.map((row) => [`${row.dag_id}/${row.run_id}`, row])).values())
            ringRun(deps, dag_id, run_id);
        });
        return result;
      },
    }),
  ];
}

type Path = z.infer<typeof runPath>;

function operationsOf(db: Queryable, path: Path, username: string, touched: TaskInstanceRow[]): BulkOperations<Entity> {
  const keys = new Map<string, TaskInstanceKey>();
  const nameOf = (given: Entity): string => {
    const key = {
      dagId: path.dag_id === '~' ? (given.dag_id ?? '~') : path.dag_id,
      runId: path.dag_run_id === '~' ? (given.dag_run_id ?? '~') : path.dag_run_id,
      taskId: given.task_id,
      mapIndex: given.map_index ?? -1,
    };
    const name = `${key.dagId}.${key.runId}.${key.taskId}[${key.mapIndex}]`;
    keys.set(name, key);
    return name;
  };
  const keyOf = (name: string): TaskInstanceKey =>
    keys.get(name) ?? { dagId: path.dag_id, runId: path.dag_run_id, taskId: name, mapIndex: -1 };
  return {
    noun: 'task instances',
    keyOf: nameOf,
    async existing(names) {
      const found = new Set<string>();
      for (const name of names) if ((await findTaskInstance(db, keyOf(name))) !== null) found.add(name);
      return found;
    },
    create: () => Promise.reject(new AppError('BAD_REQUEST', 'Task instances cannot be created: a run makes its own.')),
    async update(given, mask) {
      const key = keyOf(nameOf(given));
      const run = await requireDagRun(db, key.dagId, key.runId);
      const state = mask?.has('new_state') === false ? null : (given.new_state ?? null);
      const chosen = await chooseToMark(db, {
        runs: [run],
        tasks: [{ taskId: key.taskId, mapIndex: key.mapIndex }],
        reach: { upstream: given.include_upstream, downstream: given.include_downstream },
        includePast: given.include_past,
        includeFuture: given.include_future,
        state: state ?? 'success',
      });
      touched.push(...chosen);
      if (state !== null) await markAll(db, chosen, state, username);
      const ids = chosen.map((row) => row.task_instance_id);
      if (given.note !== undefined && mask?.has('note') !== false) await setTaskInstanceNote(db, ids, given.note, username);
    },
    async remove(name) {
      const row = await requireTaskInstance(db, keyOf(name));
      touched.push(row);
      await deleteTaskInstance(db, row);
    },
  };
}
