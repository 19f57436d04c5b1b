/**
 * saveService
 *   who:   every long-lived process, at its start and with every heartbeat
 *   locks: its own row
 *   zero rows: never
 *
 * Says that the process lives and reads, in the same statement, what an operator asked of it.
 */
import type { Queryable } from '../client.ts';

export interface ServiceHeartbeat {
  readonly serviceId: string;
  readonly kind: 'scheduler' | 'dag_processor' | 'worker' | 'triggerer' | 'webserver' | 'monitor';
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  /** Set by the last heartbeat of a clean stop. */
  readonly stopped?: boolean;
  readonly state?: string;
  readonly queues?: readonly string[];
  readonly slots?: number;
  readonly running?: number;
  readonly processed?: number;
  readonly failed?: number;
  readonly info?: Readonly<Record<string, unknown>>;
}

export interface DesiredService {
  readonly desiredState: string | null;
  readonly desiredSlots: number | null;
}

const STATEMENT = {
  name: 'save_service',
  text: `
insert into service as s (service_id, kind, hostname, pid, version, stopped_at, state, queues, slots, running, processed, failed, info)
values ($1, $2, $3, $4, $5, case when $6 then clock_timestamp() end, $7, $8, $9, $10, $11, $12, $13)
on conflict (service_id) do update
   set last_heartbeat_at = clock_timestamp(), stopped_at = excluded.stopped_at, state = excluded.state, queues = excluded.queues,
       slots = excluded.slots, running = excluded.running, processed = excluded.processed, failed = excluded.failed, info = excluded.info
returning s.desired_state as "desiredState", s.desired_slots as "desiredSlots"`,
};

export async function saveService(db: Queryable, heartbeat: ServiceHeartbeat): Promise<DesiredService> {
  const result = await db.query<DesiredService>(STATEMENT, [
    heartbeat.serviceId,
    heartbeat.kind,
    heartbeat.hostname,
    heartbeat.pid,
    heartbeat.version,
    heartbeat.stopped ?? false,
    heartbeat.state ?? null,
    heartbeat.queues ?? null,
    heartbeat.slots ?? null,
    heartbeat.running ?? null,
    heartbeat.processed ?? null,
    heartbeat.failed ?? null,
    JSON.stringify(heartbeat.info ?? {}),
  ]);
  return result.rows[0] ?? { desiredState: null, desiredSlots: null };
}
