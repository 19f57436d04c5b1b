/** Pages through pools with their slots in use. Called by the API. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';
import { POOL_COLUMNS, POOL_FROM, type PoolRow } from './pool-row.ts';

const SOURCE: ListSource = {
  name: 'list_pools',
  select: POOL_COLUMNS,
  from: POOL_FROM,
  fields: { name: 'p.name', slots: 'p.slots' },
  tieBreak: 'p.name',
};

export function listPools(db: Queryable, request: ListRequest): Promise<ListPage<PoolRow>> {
  return readList(db, SOURCE, request);
}
