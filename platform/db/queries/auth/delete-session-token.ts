/** Ends one session. Called by logout. Zero rows: it was gone already, which is as good. */
import type { Queryable } from '../../client.ts';

const DELETE_SESSION_TOKEN = { name: 'delete_session_token', text: 'delete from session_token where token_hash = $1' };

export async function deleteSessionToken(db: Queryable, tokenHash: string): Promise<void> {
  await db.query(DELETE_SESSION_TOKEN, [tokenHash]);
}
