import type { Database } from '#platform/db/client.ts';
import type { AttemptFilter } from '#platform/db/queries/monitor/attempt-row.ts';
import { listAttempts, SEARCHED_ATTEMPTS } from '#platform/db/queries/monitor/list-attempts.ts';
import { listQueuedInstances } from '#platform/db/queries/monitor/list-queued-instances.ts';
import { listRunningAttempts } from '#platform/db/queries/monitor/list-running-attempts.ts';
import type { TaskPage } from '../api/types.ts';
import { parseTaskSearch } from '../task-search.ts';
import { taskView } from '../views.ts';
import type { MonitorReads } from './monitor-reads.ts';

export interface TaskQuery {
  /** "queued", "running", an outcome, or "" for every attempt. */
  readonly state: string;
  readonly search: string;
  /** Exact worker id, or "". */
  readonly worker: string;
  readonly limit: number;
  readonly offset: number;
}

/** Reads one page of the tasks. Throws BAD_REQUEST when the search cannot be understood. */
export async function listTasks(db: Database, reads: MonitorReads, query: TaskQuery): Promise<TaskPage> {
  const conditions = parseTaskSearch(query.search);
  // One row more than asked for tells whether there is a next page.
  const filter = { limit: query.limit + 1, offset: query.offset };
  const worker = query.worker === '' ? null : query.worker;
  const [rows, counts] = await Promise.all([listByState(db, query.state, { ...filter, conditions }, worker), reads.taskCounts()]);
  return {
    tasks: rows.slice(0, query.limit).map(taskView),
    hasMore: rows.length > query.limit,
    counts,
    searchedAttempts: SEARCHED_ATTEMPTS,
  };
}

function listByState(db: Database, state: string, filter: AttemptFilter, worker: string | null) {
  switch (state) {
    case 'queued':
      return worker === null ? listQueuedInstances(db, filter) : Promise.resolve([]);
    case 'running':
      return listRunningAttempts(db, filter, worker);
    case '':
      return listAttempts(db, filter, { workerId: worker });
    default:
      return listAttempts(db, filter, { workerId: worker, state });
  }
}
