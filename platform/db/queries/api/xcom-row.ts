/** An XCom with the run and task it belongs to. */
export interface XComRow {
  readonly key: string;
  readonly created_at: Date;
  readonly dag_id: string;
  readonly run_id: string;
  readonly task_id: string;
  readonly map_index: number;
  readonly logical_date: Date | null;
  readonly run_after: Date;
}

export const XCOM_COLUMNS = 'x.key, x.created_at, r.dag_id, r.run_id, ti.task_id, ti.map_index, r.logical_date, r.run_after';
export const XCOM_FROM = 'xcom x join task_instance ti using (task_instance_id) join dag_run r using (dag_run_id)';
