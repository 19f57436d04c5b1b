/** Users: shared by the web server's login, `windlass users` and the first start. */
import { AppError } from '#core/errors.ts';
import { newSecret } from '#platform/clock.ts';
import type { Secret } from '#platform/config/config.ts';
import type { Queryable } from '#platform/db/client.ts';
import { findUser } from '#platform/db/queries/auth/find-user.ts';
import { insertUser } from '#platform/db/queries/auth/insert-user.ts';
import { listUsers } from '#platform/db/queries/auth/list-users.ts';
import { hashPassword, matchesPassword } from './password.ts';
import { isRole, ROLES, type Role } from './roles.ts';
import type { Principal } from './tokens.ts';

export { issueToken } from './tokens.ts';

const USERNAME = /^[A-Za-z0-9_.@+-]{1,128}$/;
const FIRST_ADMIN = 'admin';

export interface CreateUserRequest {
  readonly username: string;
  readonly password: string;
  readonly role: string;
  readonly email?: string | null;
}

/** Adds a user. Throws BAD_REQUEST on a bad name, role or password, CONFLICT when the name is taken. */
export async function createUser(db: Queryable, request: CreateUserRequest): Promise<void> {
  if (!USERNAME.test(request.username))
    throw new AppError(
      'BAD_REQUEST',
      `The username ${JSON.stringify(request.username)} is not valid. Use 1 to 128 of the characters A-Z a-z 0-9 _ . @ + -`,
    );
  if (!isRole(request.role))
    throw new AppError('BAD_REQUEST', `The role ${JSON.stringify(request.role)} does not exist. Use one of: ${ROLES.join(', ')}.`);
  const passwordHash = await hashPassword(request.password);
  const isNew = await insertUser(db, { username: request.username, passwordHash, role: request.role, email: request.email ?? null });
  if (!isNew) throw new AppError('CONFLICT', `There is a user ${request.username} already. Choose another name; see: windlass users list`);
}

/** Returns the user when name and password match and the account is active; takes as long when they do not. */
export async function verifyPassword(db: Queryable, username: string, password: string): Promise<Principal | null> {
  const user = USERNAME.test(username) ? await findUser(db, username) : null;
  const matches = await matchesPassword(user?.password_hash ?? null, password);
  if (user === null || !matches || !user.is_active || !isRole(user.role)) return null;
  return { username: user.username, role: user.role satisfies Role };
}

/**
 * Makes the user `admin` in a database that has no users. The password is the configured one, else a random
 * one. `password` is null when users exist already (it is not known then, and nothing is changed).
 */
export async function ensureFirstAdmin(
  db: Queryable,
  adminPassword: Secret,
): Promise<{ readonly username: string; readonly password: string | null }> {
  const existing = await listUsers(db);
  const admin = existing.find((user) => user.username === FIRST_ADMIN) ?? existing.find((user) => user.role === 'admin');
  if (existing.length > 0) return { username: admin?.username ?? FIRST_ADMIN, password: null };
  const password = adminPassword.isSet ? adminPassword.reveal() : newSecret(12);
  const passwordHash = await hashPassword(password);
  // Two processes may start at once: only the one whose insert took place may tell its password.
  const isNew = await insertUser(db, { username: FIRST_ADMIN, passwordHash, role: 'admin', email: null });
  return { username: FIRST_ADMIN, password: isNew ? password : null };
}
