/** PATCH /dags/{dag_id}/dagRuns: mark, note or delete many runs of a DAG. Not in Airflow 3.4. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { chooseInstances } from '#platform/change-of-mind/choose.ts';
import { markRun, RUN_MARK_STATES } from '#platform/change-of-mind/mark.ts';
import type { Queryable } from '#platform/db/client.ts';
import { deleteDagRun } from '#platform/db/queries/api/delete-dag-run.ts';
import { findDagRun } from '#platform/db/queries/api/find-dag-run.ts';
import { setDagRunNote } from '#platform/db/queries/api/set-dag-run-note.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import { principalOf, type Route, route, type WebDeps } from '../http/route.ts';
import * as runAnswers from './answers/runs.ts';
import { type BulkOperations, bulkBody, runBulk } from './bulk.ts';
import { requireDagRun } from './lookups.ts';
import { dagPath } from './path-ids.ts';
import { ringStopped } from './ring-stopped.ts';
import { noteText, ringRun } from './trigger.ts';

const entity = z.strictObject({
  dag_run_id: z.string().min(1).max(250),
  /** With `~` in the path. */
  dag_id: z.string().nullish(),
  state: z.enum(RUN_MARK_STATES).nullish(),
  note: noteText,
});
type Entity = z.infer<typeof entity>;

interface RunKey {
  readonly dagId: string;
  readonly runId: string;
}

export function bulkRunRoutes(deps: WebDeps): readonly Route[] {
  return [
    route({
      method: 'PATCH',
      url: '/api/v2/dags/:dag_id/dagRuns',
      permission: 'user',
      audit: 'dag_run.bulk',
      summary: 'Mark, note or delete many runs. Not in Airflow.',
      response: runAnswers.bulkResult,
      params: dagPath,
      body: bulkBody<Entity>(entity as unknown as z.ZodType<Entity>),
      async handle(context) {
        const { db, params, body, audit, afterCommit } = context;
        const touched: RunKey[] = [];
        const stopped: TaskInstanceRow[] = [];
        const result = await runBulk(body, operationsOf(db, params.dag_id, principalOf(context).username, touched, stopped));
        audit({
          ...(params.dag_id !== '~' && { dagId: params.dag_id }),
          extra: { updated: result.update?.success ?? [], deleted: result.delete?.success ?? [] },
        });
        afterCommit(() => {
          ringStopped(deps, stopped);
          for (const { dagId, runId } of touched) ringRun(deps, dagId, runId);
        });
        return result;
      },
    }),
  ];
}

function operationsOf(
  db: Queryable,
  pathDag: string,
  username: string,
  touched: RunKey[],
  stopped: TaskInstanceRow[],
): BulkOperations<Entity> {
  const keys = new Map<string, RunKey>();
  const nameOf = (given: Entity): string => {
    const key = { dagId: pathDag === '~' ? (given.dag_id ?? '~') : pathDag, runId: given.dag_run_id };
    const name = pathDag === '~' ? `${key.dagId}.${key.runId}` : key.runId;
    keys.set(name, key);
    return name;
  };
  const keyOf = (name: string): RunKey => keys.get(name) ?? { dagId: pathDag, runId: name };
  return {
    noun: 'runs',
    keyOf: nameOf,
    async existing(names) {
      const found = new Set<string>();
      for (const name of names) if ((await findDagRun(db, keyOf(name).dagId, keyOf(name).runId)) !== null) found.add(name);
      return found;
    },
    create: () => Promise.reject(new AppError('BAD_REQUEST', 'Runs cannot be created in bulk. Use POST …/dagRuns, or a backfill.')),
    async update(given, mask) {
      const key = keyOf(nameOf(given));
      const run = await requireDagRun(db, key.dagId, key.runId);
      touched.push(key);
      if (given.state && mask?.has('state') !== false) {
        stopped.push(...(await chooseInstances(db, [run], { tasks: null, states: ['running'] })));
        await markRun(db, run, given.state, username);
      }
      if (given.note !== undefined && mask?.has('note') !== false) await setDagRunNote(db, run.dag_run_id, given.note ?? null, username);
    },
    async remove(name) {
      const key = keyOf(name);
      const run = await requireDagRun(db, key.dagId, key.runId);
      if (run.state === 'running')
        throw new AppError('CONFLICT', `The run ${run.run_id} is running and cannot be deleted. Mark it as failed first.`);
      touched.push(key);
      await deleteDagRun(db, key.dagId, key.runId);
    },
  };
}
