/** Pages through questions to people. Called by the API, the pages and the CLI. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';
import { APPROVAL_COLUMNS, APPROVAL_FROM, type ApprovalRow } from './approval-row.ts';

const SOURCE: ListSource = {
  name: 'list_approvals',
  select: APPROVAL_COLUMNS,
  from: APPROVAL_FROM,
  // Of a withdrawn question nobody needs to know; an older one of the same instance is its history.
  where: `q.closed_as is distinct from 'withdrawn'`,
  fields: {
    id: 'q.approval_id',
    task_instance_id: 'ti.task_instance_id',
    dag_id: 'r.dag_id',
    run_id: 'r.run_id',
    task_id: 'ti.task_id',
    map_index: 'ti.map_index',
    state: 'ti.state',
    run_after: 'r.run_after',
    subject: 'q.subject',
    body: `coalesce(q.body, '')`,
    created_at: 'q.created_at',
    responded_at: 'q.responded_at',
    responded_by: 'q.responded_by',
    is_answered: '(q.responded_at is not null)',
    is_open: '(q.closed_at is null)',
    assignees: 'to_jsonb(q.assignees)',
  },
  tieBreak: 'q.approval_id',
};

export function listApprovals(db: Queryable, request: ListRequest): Promise<ListPage<ApprovalRow>> {
  return readList(db, SOURCE, request);
}
