/** Reads one user for a login. Called by platform/auth. Zero rows: no such user. */
import type { Queryable } from '../../client.ts';

const FIND_USER = {
  name: 'find_user',
  text: 'select username, password_hash, role, is_active from app_user where username = $1',
};

export interface UserRow {
  readonly username: string;
  readonly password_hash: string;
  readonly role: string;
  readonly is_active: boolean;
}

export async function findUser(db: Queryable, username: string): Promise<UserRow | null> {
  return (await db.query<UserRow>(FIND_USER, [username])).rows[0] ?? null;
}
