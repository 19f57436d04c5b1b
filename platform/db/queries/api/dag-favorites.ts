/** A user's favourite DAGs. Called by the API. Zero rows: not a favourite. */
import type { Queryable } from '../../client.ts';

const IS_FAVORITE = { name: 'is_favorite', text: 'select 1 from dag_favorite where dag_id = $1 and username = $2' };
const ADD_FAVORITE = { name: 'add_favorite', text: 'insert into dag_favorite (dag_id, username) values ($1, $2) on conflict do nothing' };
const REMOVE_FAVORITE = { name: 'remove_favorite', text: 'delete from dag_favorite where dag_id = $1 and username = $2' };

export async function isFavorite(db: Queryable, dagId: string, username: string): Promise<boolean> {
  return (await db.query(IS_FAVORITE, [dagId, username])).rowCount > 0;
}

export async function addFavorite(db: Queryable, dagId: string, username: string): Promise<void> {
  await db.query(ADD_FAVORITE, [dagId, username]);
}

/** Returns false when it was none. */
export async function removeFavorite(db: Queryable, dagId: string, username: string): Promise<boolean> {
  return (await db.query(REMOVE_FAVORITE, [dagId, username])).rowCount > 0;
}
