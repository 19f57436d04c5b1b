/** Pages through the audit log. Called by GET /api/v2/eventLogs. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export interface StoredAuditRow {
  readonly audit_id: number;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly dag_id: string | null;
  readonly run_id: string | null;
  readonly task_id: string | null;
  readonly map_index: number | null;
  readonly extra: unknown;
}

const SOURCE: ListSource = {
  name: 'list_audit_rows',
  select: 'audit_id, at, actor, action, dag_id, run_id, task_id, map_index, extra',
  from: 'audit_log',
  fields: {
    audit_id: 'audit_id',
    at: 'at',
    actor: 'actor',
    action: 'action',
    dag_id: 'dag_id',
    run_id: 'run_id',
    task_id: 'task_id',
    map_index: 'map_index',
    extra: 'extra::text',
  },
  tieBreak: 'audit_id',
};

export function listAuditRows(db: Queryable, request: ListRequest): Promise<ListPage<StoredAuditRow>> {
  return readList(db, SOURCE, request);
}
