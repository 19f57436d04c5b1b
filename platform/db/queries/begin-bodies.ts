import { arrayLiteral } from '../array-literal.ts';
import type { Parameters } from '../parameters.ts';

export interface BodyStart {
  readonly attemptId: string;
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
  /** Of the task process that will run the body; null = not chosen yet. */
  readonly pid: number | null;
}

/**
 * The step that begins bodies, of the statement in write-attempts.ts. From here on the try counts (P4): an attempt lost
 * earlier is requeued for free.
 */
export function beginSteps(bodies: readonly BodyStart[], at: Parameters): readonly string[] {
  return [
    `begun as (
  update task_attempt t
     set body_started_at = clock_timestamp(), pid = a.pid
    from unnest(${at.list('uuid', arrayLiteral(bodies.map((body) => body.attemptId)))}, ${at.list('uuid', arrayLiteral(bodies.map((body) => body.taskInstanceId)))},
                ${at.list('bigint', arrayLiteral(bodies.map((body) => body.leaseEpoch)))}, ${at.list('int', arrayLiteral(bodies.map((body) => body.pid)))})
           as a(attempt_id, task_instance_id, lease_epoch, pid)
    join task_instance ti on ti.task_instance_id = a.task_instance_id
   where t.attempt_id = a.attempt_id and t.body_started_at is null and t.outcome is null
     and ti.state = 'running' and ti.lease_epoch = a.lease_epoch and ti.lease_owner = ${at.named('workerId', 'text')}
  returning t.attempt_id
)`,
  ];
}
