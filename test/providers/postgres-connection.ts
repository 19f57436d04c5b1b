/** A Windlass connection to a test database, as a task would get it. */
import type { PostgresConnection } from '../../providers/postgres/index.ts';

/** Reads a database URL into a connection with the id `warehouse`. */
export function connectionFromUrl(url: string): PostgresConnection {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    id: 'warehouse',
    type: 'postgres',
    host: hostname,
    port: Number(port),
    login: username,
    password,
    schema: pathname.slice(1),
    extra: {},
  };
}
