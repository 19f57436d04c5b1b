/** Writes a pool. Called by the API. Locks its row. Zero rows: insert = the name is taken, update = no such pool. */
import type { Queryable } from '../../client.ts';

const INSERT_POOL = {
  name: 'insert_pool',
  text: 'insert into pool (name, slots, description, include_deferred) values ($1, $2, $3, $4) on conflict do nothing returning name',
};
const UPDATE_POOL = {
  name: 'update_pool',
  text: 'update pool set name = $5, slots = $2, description = $3, include_deferred = $4 where name = $1 returning name',
};
const DELETE_POOL = { name: 'delete_pool', text: 'delete from pool where name = $1' };

export interface NewPool {
  readonly name: string;
  /** -1 = no limit. */
  readonly slots: number;
  readonly description: string | null;
  readonly includeDeferred: boolean;
}

export async function insertPool(db: Queryable, pool: NewPool): Promise<boolean> {
  return (await db.query(INSERT_POOL, [pool.name, pool.slots, pool.description, pool.includeDeferred])).rowCount === 1;
}

/** `name` is the pool as it is called now, `pool.name` the name it gets. */
export async function updatePool(db: Queryable, name: string, pool: NewPool): Promise<boolean> {
  return (await db.query(UPDATE_POOL, [name, pool.slots, pool.description, pool.includeDeferred, pool.name])).rowCount === 1;
}

export async function deletePool(db: Queryable, name: string): Promise<boolean> {
  return (await db.query(DELETE_POOL, [name])).rowCount === 1;
}
