/** Pages through deadlines of runs. Called by the API and the pages. */
import type { DagRunState } from '#core/states.ts';
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

export type DeadlineStatus = 'open' | 'met' | 'missed';

export interface DeadlineRow {
  readonly deadline_id: string;
  readonly dag_id: string;
  readonly run_id: string;
  readonly run_state: DagRunState;
  readonly run_ended_at: Date | null;
  readonly name: string;
  readonly due_at: Date;
  readonly missed_at: Date | null;
  readonly callbacks: readonly string[];
  readonly status: DeadlineStatus;
}

/** A run that has ended in time has met its deadline, whether the scheduler has settled it yet or not. */
const STATUS = `case when d.missed_at is not null then 'missed' when d.met_at is not null or r.ended_at <= d.due_at then 'met' else 'open' end`;

const SOURCE: ListSource = {
  name: 'list_deadlines',
  select: `d.deadline_id, r.dag_id, r.run_id, r.state as run_state, r.ended_at as run_ended_at, d.name, d.due_at, d.missed_at, d.callbacks,
           ${STATUS} as status`,
  from: 'deadline d join dag_run r using (dag_run_id)',
  fields: {
    deadline_id: 'd.deadline_id',
    dag_id: 'r.dag_id',
    run_id: 'r.run_id',
    due_at: 'd.due_at',
    missed_at: 'd.missed_at',
    name: 'd.name',
    status: STATUS,
    is_missed: '(d.missed_at is not null)',
  },
  tieBreak: 'd.deadline_id',
};

export function listDeadlines(db: Queryable, request: ListRequest): Promise<ListPage<DeadlineRow>> {
  return readList(db, SOURCE, request);
}
