/** Pages through task instances, of one run or of many. Called by the API. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';
import { TASK_INSTANCE_COLUMNS, TASK_INSTANCE_FROM, type TaskInstanceRow } from './task-instance-row.ts';

const SOURCE: ListSource = {
  name: 'list_task_instances',
  select: TASK_INSTANCE_COLUMNS,
  from: TASK_INSTANCE_FROM,
  fields: {
    id: 'ti.task_instance_id',
    dag_id: 'r.dag_id',
    run_id: 'r.run_id',
    task_id: 'ti.task_id',
    map_index: 'ti.map_index',
    map_label: 'ti.map_label',
    state: 'ti.state',
    pool: 'ti.pool',
    queue: 'ti.queue',
    operator: 'ti.operator',
    try_number: 'ti.try_number',
    version_number: 'v.version_number',
    run_after: 'r.run_after',
    logical_date: 'r.logical_date',
    data_interval_start: 'r.data_interval_start',
    data_interval_end: 'r.data_interval_end',
    start_date: 'ti.started_at',
    end_date: 'ti.ended_at',
    updated_at: 'coalesce(ti.ended_at, ti.started_at, ti.queued_at, ti.scheduled_at, r.queued_at)',
    duration: 'extract(epoch from ti.ended_at - ti.started_at)',
  },
  tieBreak: 'r.dag_run_id, ti.task_id, ti.map_index',
};

export function listTaskInstances(db: Queryable, request: ListRequest): Promise<ListPage<TaskInstanceRow>> {
  return readList(db, SOURCE, request);
}
