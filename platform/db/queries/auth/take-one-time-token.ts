/** Uses a one-time token up. Locks its row: of two callers one wins. Zero rows: unknown, used, expired, or user inactive. */
import type { Queryable } from '../../client.ts';

const TAKE_ONE_TIME_TOKEN = {
  name: 'take_one_time_token',
  text: `with taken as (delete from session_token where token_hash = $1 and kind = 'one_time' returning username, expires_at)
         select u.username, u.role from taken join app_user u using (username)
          where taken.expires_at > clock_timestamp() and u.is_active`,
};

export async function takeOneTimeToken(
  db: Queryable,
  tokenHash: string,
): Promise<{ readonly username: string; readonly role: string } | null> {
  return (await db.query<{ username: string; role: string }>(TAKE_ONE_TIME_TOKEN, [tokenHash])).rows[0] ?? null;
}
