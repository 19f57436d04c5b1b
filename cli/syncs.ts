/** What the sync commands share: finding a stream by its name, and naming it. */
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import type { Filter } from '#platform/db/list-query.ts';
import { listSyncs, type SyncRow } from '#platform/db/queries/sync/list-syncs.ts';
import { equal, listRequest } from './list-request.ts';

export interface SyncPlace {
  readonly dagId?: string;
  readonly taskId?: string;
  readonly to?: string;
}

const NAMED_MAX = 5;

/** "dag.task" */
export const taskOf = (row: SyncRow): string => `${row.dag_id}.${row.task_id}`;

/** What a reset that is not carried out yet waits for; null = none is. */
export function waitingWords(row: SyncRow): string | null {
  if (row.reset_rows === null) return null;
  if (row.reset_held_by.length > 0) return `held: ${row.reset_held_by.join(', ')} goes to the same table`;
  const rows = row.reset_rows === 'keep' ? 'rows stay' : 'rows are removed';
  return `${row.reset_taken_at === null ? 'with the next run' : 'begun'}: ${rows}, by ${row.reset_by}`;
}

/** Throws NOT_FOUND, or BAD_REQUEST when several streams are called so. */
export async function requireSync(db: Queryable, stream: string, { dagId, taskId, to }: SyncPlace): Promise<SyncRow> {
  const filters: Filter[] = [
    equal('stream', stream),
    ...(dagId === undefined ? [] : [equal('dag_id', dagId)]),
    ...(taskId === undefined ? [] : [equal('task_id', taskId)]),
    ...(to === undefined ? [] : [equal('destination', to)]),
  ];
  const { rows } = await listSyncs(db, listRequest(filters, 'dag_id', NAMED_MAX));
  const [row, ...others] = rows;
  if (row === undefined)
    throw new AppError(
      'NOT_FOUND',
      `No task has synced a stream ${JSON.stringify(stream)}${filters.length > 1 ? ' there' : ''}. See: windlass sync list`,
    );
  if (others.length > 0) {
    const named = rows.map((one) => `${taskOf(one)} to ${one.destination}`).join('; ');
    throw new AppError('BAD_REQUEST', `Several streams are called ${stream}: ${named}. Say which by --dag-id, --task-id or --to.`);
  }
  return row;
}
