/** Tells workers that attempts of theirs were cleared, marked or deleted: they look at their leases at once. */
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import type { WebDeps } from '../http/route.ts';

/** `instances` as they were before the change; those that ran are meant. */
export function ringStopped(
  deps: Pick<WebDeps, 'broker'>,
  instances: readonly Pick<TaskInstanceRow, 'task_instance_id' | 'state'>[],
): void {
  const ids = instances.filter((row) => row.state === 'running').map((row) => row.task_instance_id);
  if (ids.length > 0) deps.broker.ring('leases_changed', { ids });
}
