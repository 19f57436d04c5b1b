/** What `windlass doctor` wants to know of the Postgres server. Called by it alone. Locks nothing. Always one row. */
import type { Queryable, Statement } from '../../client.ts';

export interface ServerFacts {
  readonly version: string;
  readonly clockMs: number;
  readonly connectionsMax: number;
  /** Of all databases of the server. */
  readonly connections: number;
  readonly isReadOnly: boolean;
  readonly databaseBytes: number;
}

const STATEMENT: Statement = {
  name: 'read_server_facts',
  text: `
select current_setting('server_version') as version, (extract(epoch from clock_timestamp()) * 1000)::float8 as "clockMs",
       current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int as "connectionsMax",
       (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as connections,
       pg_is_in_recovery() or current_setting('default_transaction_read_only')::bool as "isReadOnly",
       pg_database_size(current_database()) as "databaseBytes"`,
};

export async function readServerFacts(db: Queryable): Promise<ServerFacts> {
  return (await db.query<ServerFacts>(STATEMENT)).rows[0] as ServerFacts;
}
