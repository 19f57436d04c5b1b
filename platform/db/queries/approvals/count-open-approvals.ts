import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'count_open_approvals',
  text: `select count(*)::int as count from approval_request where closed_at is null and (assignees = '{}' or $1 = any(assignees))`,
};

/** countOpenApprovals    who: web server, for the badge of the navigation. Reads only: questions that this user may answer. */
export async function countOpenApprovals(db: Queryable, username: string): Promise<number> {
  return (await db.query<{ count: number }>(STATEMENT, [username])).rows[0]?.count ?? 0;
}
