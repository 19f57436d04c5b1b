/** Answers what a task asks before it publishes: which columns one of its outlets has had. */
import type { AssetUse } from '#core/assets/asset-spec.ts';
import type { AssetColumn } from '#core/assets/asset-version.ts';
import { nameOf } from '#core/assets/condition.ts';
import type { TaskSpec } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import { findLastColumns } from '#platform/db/queries/assets/find-last-columns.ts';
import { isSameUse } from './inlet-events.ts';

/** Null = none that is known. Throws BAD_REQUEST for an asset that is none of the task's outlets. */
export async function readOutletColumns(db: Queryable, task: TaskSpec | undefined, use: AssetUse): Promise<readonly AssetColumn[] | null> {
  if ((task?.outlets ?? []).some((outlet) => isSameUse(outlet, use))) return findLastColumns(db, use);
  const name = 'alias' in use ? use.alias : nameOf(use.asset);
  throw new AppError('BAD_REQUEST', `${JSON.stringify(name)} is none of the outlets of ${task ? `"${task.taskId}"` : 'a callback'}.`);
}
