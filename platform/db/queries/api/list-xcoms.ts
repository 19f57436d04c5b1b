/** Pages through XComs, without their values. Called by the API. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';
import { XCOM_COLUMNS, XCOM_FROM, type XComRow } from './xcom-row.ts';

const SOURCE: ListSource = {
  name: 'list_xcoms',
  select: XCOM_COLUMNS,
  from: XCOM_FROM,
  fields: {
    key: 'x.key',
    dag_id: 'r.dag_id',
    run_id: 'r.run_id',
    task_id: 'ti.task_id',
    map_index: 'ti.map_index',
    logical_date: 'r.logical_date',
    run_after: 'r.run_after',
  },
  tieBreak: 'r.dag_id, ti.task_id, r.run_id, ti.map_index, x.key',
};

export function listXComs(db: Queryable, request: ListRequest): Promise<ListPage<XComRow>> {
  return readList(db, SOURCE, request);
}
