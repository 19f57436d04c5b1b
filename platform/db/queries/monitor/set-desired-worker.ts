/**
 * setDesiredWorker
 *   who:   monitor, when an operator pauses, resumes, drains, stops or resizes a worker
 *   locks: the worker's row, for the length of the statement
 *   zero rows: no worker has this id, or it has stopped; nothing was written
 *
 * The request and its line in the audit log are one statement, so that neither exists without the other.
 * The worker makes its desired state so and reports in its own columns.
 */
import type { Queryable } from '../../client.ts';

export interface DesiredWorker {
  readonly workerId: string;
  /** null leaves it as it is. */
  readonly state: string | null;
  /** null leaves it as it is. */
  readonly slots: number | null;
  readonly actor: string;
  /** "worker.pause", … */
  readonly action: string;
  readonly requestId: string;
}

const SET_DESIRED_WORKER = {
  name: 'monitor_set_desired_worker',
  text: `
    with asked as (
      update service
         set desired_state = coalesce($2::text, desired_state),
             desired_slots = coalesce($3::int, desired_slots)
       where service_id = $1
         and kind = 'worker'
         and stopped_at is null
      returning service_id, hostname
    )
    insert into audit_log (actor, action, request_id, extra)
    select $4, $5, $6, jsonb_strip_nulls(jsonb_build_object('worker_id', service_id, 'hostname', hostname, 'state', $2::text, 'slots', $3::int))
      from asked
    returning at`,
};

/** Writes what the operator wants. Returns the database's instant of the request, or null when there is no such live worker. */
export async function setDesiredWorker(db: Queryable, desired: DesiredWorker): Promise<Date | null> {
  const values = [desired.workerId, desired.state, desired.slots, desired.actor, desired.action, desired.requestId];
  return (await db.query<{ at: Date }>(SET_DESIRED_WORKER, values)).rows[0]?.at ?? null;
}
