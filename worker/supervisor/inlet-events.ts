/** Answers `ctx.inletEvents(…)`: events of assets that the task declared as its inlets. */
import type { AssetUse } from '#core/assets/asset-spec.ts';
import { nameOf } from '#core/assets/condition.ts';
import type { TaskSpec } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import type { AssetEventQuery, AssetEventRecord } from '#core/task-protocol.ts';
import type { Queryable } from '#platform/db/client.ts';
import { listAssetEventsOf } from '#platform/db/queries/assets/list-task-events.ts';

/** Throws BAD_REQUEST for an asset that is none of the task's inlets. */
export async function listInletEvents(
  db: Queryable,
  task: TaskSpec | undefined,
  query: AssetEventQuery,
): Promise<readonly AssetEventRecord[]> {
  requireInlet(task, query.of);
  return listAssetEventsOf(db, query);
}

function requireInlet(task: TaskSpec | undefined, use: AssetUse): void {
  if ((task?.inlets ?? []).some((inlet) => isSameUse(inlet, use))) return;
  const name = 'alias' in use ? use.alias : nameOf(use.asset);
  throw new AppError(
    'BAD_REQUEST',
    `${JSON.stringify(name)} is none of the inlets of ${task ? `"${task.taskId}"` : 'a callback'}. Declare it: { inlets: [ … ] }.`,
  );
}

export function isSameUse(one: AssetUse, other: AssetUse): boolean {
  return JSON.stringify(canonical(one)) === JSON.stringify(canonical(other));
}

function canonical(use: AssetUse): unknown {
  return 'alias' in use ? ['alias', use.alias] : ['asset', use.asset.name ?? null, use.asset.uri ?? null];
}
