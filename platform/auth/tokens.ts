/** Session and API tokens: 256 random bits; the database knows only their SHA-256. */
import { createHash } from 'node:crypto';
import { newSecret } from '#platform/clock.ts';
import type { Queryable } from '#platform/db/client.ts';
import { deleteSessionToken } from '#platform/db/queries/auth/delete-session-token.ts';
import { findSession } from '#platform/db/queries/auth/find-session.ts';
import { insertSessionToken } from '#platform/db/queries/auth/insert-session-token.ts';
import { takeOneTimeToken } from '#platform/db/queries/auth/take-one-time-token.ts';
import { isRole, type Role } from './roles.ts';

/** session: a browser's cookie. api: a bearer token. one_time: exchanged once for a session. */
export type TokenKind = 'session' | 'api' | 'one_time';

export interface Principal {
  readonly username: string;
  readonly role: Role;
}

/** A prefix lets secret scanners recognise a leaked token. */
const PREFIX = 'wl_';
const TOKEN = /^wl_[A-Za-z0-9_-]{43}$/;

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Makes a token; this is the only moment it can be read. */
export async function issueToken(
  db: Queryable,
  request: { readonly username: string; readonly kind: TokenKind; readonly ttlMs: number },
): Promise<{ readonly token: string; readonly expiresAt: Date }> {
  const token = PREFIX + newSecret();
  const expiresAt = await insertSessionToken(db, { ...request, hash: hashOf(token) });
  return { token, expiresAt };
}

/** Who holds this token, or null: unknown, expired, logged out, or the user was deactivated. */
export async function authenticateToken(db: Queryable, token: string): Promise<Principal | null> {
  if (!TOKEN.test(token)) return null;
  const session = await findSession(db, hashOf(token));
  return session && isRole(session.role) ? { username: session.username, role: session.role } : null;
}

/** Uses a one-time token up; null when it is unknown, used or expired. */
export async function redeemOneTimeToken(db: Queryable, token: string): Promise<Principal | null> {
  if (!TOKEN.test(token)) return null;
  const taken = await takeOneTimeToken(db, hashOf(token));
  return taken && isRole(taken.role) ? { username: taken.username, role: taken.role } : null;
}

/** Ends the session; a token that is gone already is no error. */
export async function revokeToken(db: Queryable, token: string): Promise<void> {
  if (TOKEN.test(token)) await deleteSessionToken(db, hashOf(token));
}
