/**
 * Who holds this token? Called for every authenticated request, so it is one primary-key lookup; the time of
 * last use is written at most once a minute. Zero rows: unknown, expired, or its user was deactivated.
 */
import type { Queryable } from '../../client.ts';

const FIND_SESSION = {
  name: 'find_session',
  text: `with found as (
           select t.token_hash, t.kind, t.last_used_at, u.username, u.role
             from session_token t join app_user u using (username)
            where t.token_hash = $1 and t.kind <> 'one_time' and t.expires_at > clock_timestamp() and u.is_active),
         touched as (
           update session_token t set last_used_at = clock_timestamp() from found f
            where t.token_hash = f.token_hash
              and (f.last_used_at is null or f.last_used_at < clock_timestamp() - interval '1 minute'))
         select kind, username, role from found`,
};

export interface SessionRow {
  readonly kind: string;
  readonly username: string;
  readonly role: string;
}

export async function findSession(db: Queryable, tokenHash: string): Promise<SessionRow | null> {
  return (await db.query<SessionRow>(FIND_SESSION, [tokenHash])).rows[0] ?? null;
}
