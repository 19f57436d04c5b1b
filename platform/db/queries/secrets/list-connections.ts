/** Pages through connections, secrets still sealed. Called by the API. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';
import type { ConnectionRow } from './find-connection.ts';

const SOURCE: ListSource = {
  name: 'list_connections',
  select: 'connection_id, conn_type, description, host, port, login, schema, secret',
  from: 'connection',
  fields: { connection_id: 'connection_id', conn_type: 'conn_type', description: 'description', host: 'host', port: 'port' },
  tieBreak: 'connection_id',
};

export function listConnections(db: Queryable, request: ListRequest): Promise<ListPage<ConnectionRow>> {
  return readList(db, SOURCE, request);
}
