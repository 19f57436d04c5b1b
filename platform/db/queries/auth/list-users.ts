/** Reads all users, without their password hashes. Called by `windlass users list` and the first start. */
import type { Queryable } from '../../client.ts';

const LIST_USERS = {
  name: 'list_users',
  text: 'select username, role, email, is_active, created_at from app_user order by username',
};

export interface ListedUser {
  readonly username: string;
  readonly role: string;
  readonly email: string | null;
  readonly is_active: boolean;
  readonly created_at: Date;
}

export async function listUsers(db: Queryable): Promise<readonly ListedUser[]> {
  return (await db.query<ListedUser>(LIST_USERS)).rows;
}
