/**
 * Processes that have not said goodbye: those that live, and those that died without a word. Called by `windlass doctor`.
 * Locks nothing. Zero rows: nothing runs.
 */
import type { Queryable, Statement } from '../../client.ts';

export interface OpenService {
  readonly serviceId: string;
  readonly kind: string;
  readonly hostname: string;
  readonly pid: number;
  readonly version: string;
  readonly silentMs: number;
  /** Of a worker. */
  readonly queues: readonly string[] | null;
  /** Settings in which all must agree, by environment variable; null = a version that does not tell. */
  readonly settings: Readonly<Record<string, string>> | null;
}

const STATEMENT: Statement = {
  name: 'list_open_services',
  text: `
select service_id as "serviceId", kind, hostname, pid, version, queues, info -> 'settings' as settings,
       (extract(epoch from clock_timestamp() - last_heartbeat_at) * 1000)::float8 as "silentMs"
  from service where stopped_at is null order by kind, last_heartbeat_at desc limit 500`,
};

export async function listOpenServices(db: Queryable): Promise<readonly OpenService[]> {
  return (await db.query<OpenService>(STATEMENT)).rows;
}
