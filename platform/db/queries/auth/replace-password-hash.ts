/** Stores a new password and ends every session of the user. Zero rows: no such user. */
import type { Queryable } from '../../client.ts';

const REPLACE_PASSWORD_HASH = {
  name: 'replace_password_hash',
  text: `with ended as (delete from session_token where username = $1)
         update app_user set password_hash = $2 where username = $1 returning username`,
};

/** Returns false when there is no such user. */
export async function replacePasswordHash(db: Queryable, username: string, passwordHash: string): Promise<boolean> {
  return (await db.query(REPLACE_PASSWORD_HASH, [username, passwordHash])).rowCount === 1;
}
