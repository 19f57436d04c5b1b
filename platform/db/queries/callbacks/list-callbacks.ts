/** Pages through calls of callbacks, newest first unless asked otherwise. Called by the API and the pages. */
import type { CallbackKind, CallbackReason, CallbackState } from '#core/callbacks.ts';
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export interface CallbackRow {
  readonly callback_id: string;
  readonly dag_id: string;
  readonly run_id: string;
  readonly task_id: string | null;
  readonly map_index: number | null;
  readonly deadline_name: string | null;
  readonly kind: CallbackKind;
  readonly name: string;
  readonly reason: CallbackReason;
  readonly message: string | null;
  readonly try_number: number;
  readonly state: CallbackState;
  readonly tries: number;
  readonly next_try_at: Date;
  readonly lease_owner: string | null;
  readonly failure: { readonly name: string; readonly message: string; readonly stack: string } | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
}

const SOURCE: ListSource = {
  name: 'list_callbacks',
  select: `c.callback_id, r.dag_id, r.run_id, ti.task_id, ti.map_index, d.name as deadline_name, c.kind, c.name, c.reason, c.message, c.try_number,
           c.state, c.tries, c.next_try_at, c.lease_owner, c.failure, c.created_at, c.started_at, c.ended_at`,
  from: `callback_request c join dag_run r using (dag_run_id)
         left join task_instance ti on ti.task_instance_id = c.task_instance_id left join deadline d on d.deadline_id = c.deadline_id`,
  fields: {
    callback_id: 'c.callback_id',
    dag_id: 'r.dag_id',
    run_id: 'r.run_id',
    task_id: 'ti.task_id',
    map_index: 'ti.map_index',
    state: 'c.state',
    kind: 'c.kind',
    created_at: 'c.created_at',
  },
  tieBreak: 'c.created_at, c.position, c.callback_id',
};

export function listCallbacks(db: Queryable, request: ListRequest): Promise<ListPage<CallbackRow>> {
  return readList(db, SOURCE, request);
}
