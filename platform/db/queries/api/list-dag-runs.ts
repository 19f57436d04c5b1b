/** Pages through DAG runs, of one DAG or of all. Called by the API. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';
import { DAG_RUN_COLUMNS, DAG_RUN_FROM, type DagRunRow } from './dag-run-row.ts';

const SOURCE: ListSource = {
  name: 'list_dag_runs',
  select: DAG_RUN_COLUMNS,
  from: DAG_RUN_FROM,
  fields: {
    id: 'r.dag_run_id',
    dag_id: 'r.dag_id',
    run_id: 'r.run_id',
    run_type: 'r.run_type',
    state: 'r.state',
    logical_date: 'r.logical_date',
    run_after: 'r.run_after',
    start_date: 'r.started_at',
    end_date: 'r.ended_at',
    updated_at: 'coalesce(r.ended_at, r.started_at, r.queued_at)',
    duration: 'extract(epoch from r.ended_at - r.started_at)',
    conf: 'r.conf::text',
    version_number: 'v.version_number',
    triggering_user: 'r.triggering_user',
    partition_key: 'r.partition_key',
  },
  tieBreak: 'r.dag_run_id',
};

export function listDagRuns(db: Queryable, request: ListRequest): Promise<ListPage<DagRunRow>> {
  return readList(db, SOURCE, request);
}
