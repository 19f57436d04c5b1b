/** Stores the hash of a new token, and drops the user's expired ones. Called by platform/auth. */
import type { Queryable } from '../../client.ts';

const INSERT_SESSION_TOKEN = {
  name: 'insert_session_token',
  text: `with expired as (delete from session_token where username = $2 and expires_at < clock_timestamp())
         insert into session_token (token_hash, username, kind, expires_at)
         values ($1, $2, $3, clock_timestamp() + make_interval(secs => $4 / 1000.0)) returning expires_at`,
};

/** Returns when the token expires, by the database's clock. */
export async function insertSessionToken(
  db: Queryable,
  token: { readonly hash: string; readonly username: string; readonly kind: string; readonly ttlMs: number },
): Promise<Date> {
  const result = await db.query<{ expires_at: Date }>(INSERT_SESSION_TOKEN, [token.hash, token.username, token.kind, token.ttlMs]);
  return result.rows[0]!.expires_at;
}
