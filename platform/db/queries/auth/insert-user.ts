/** Adds a user. Called by platform/auth. Locks nothing. Zero rows: the name is taken. */
import type { Queryable } from '../../client.ts';

const INSERT_USER = {
  name: 'insert_user',
  text: `insert into app_user (username, password_hash, role, email) values ($1, $2, $3, $4)
         on conflict (username) do nothing returning username`,
};

export interface NewUser {
  readonly username: string;
  readonly passwordHash: string;
  readonly role: string;
  readonly email: string | null;
}

/** Returns false when the user exists already. */
export async function insertUser(db: Queryable, user: NewUser): Promise<boolean> {
  const result = await db.query(INSERT_USER, [user.username, user.passwordHash, user.role, user.email]);
  return result.rowCount === 1;
}
