/** One measure of safety each, edited out of the sources while the processes load them, and the cell that has to turn red for it. */
import type { Edit } from '../chaos/sabotage/measures.ts';
import type { Text } from './dag-texts.ts';
import type { Cell } from './matrix.ts';

export interface CellSabotage extends Omit<Cell, 'workload'> {
  readonly name: string;
  /** What is switched off, in words. */
  readonly what: string;
  readonly edits: readonly Edit[];
  /** Guards of the database that would refuse the same mistake: taken away too. */
  readonly sql?: string;
  /** What the cell runs. */
  readonly dag: Text;
  /** What it must say. */
  readonly violation: RegExp;
}

export const CELL_SABOTAGES: readonly CellSabotage[] = [
  {
    name: 'free for all',
    what: 'an attempt that was lost is queued again for free, though its body had begun',
    edits: [
      {
        file: 'platform/db/queries/rescue-expired-leases.ts',
        find: 'when not e.body_started then',
        replace: "when e.state = 'running' then",
      },
    ],
    probe: 'supervise.result_heard',
    action: 'kill',
    dag: 'alone',
    violation: /alone\[-1\] has no retries and its body was started 2 times/,
  },
  {
    name: 'claim',
    what: 'a worker claims whatever it is rung for, without asking whether it still waits for a worker',
    edits: [
      {
        file: 'platform/db/queries/claim-task-instances.ts',
        find: ` and ti.state = 'queued'
     and ti.try_number = a.try_number and ti.lease_epoch = a.lease_epoch`,
        replace: '',
      },
    ],
    sql: 'drop trigger guard_task_instance_state on task_instance',
    probe: 'consume.before_claim',
    action: 'pause',
    dag: 'alone',
    violation: /INV-02 .*begins at queued after success/,
  },
];
