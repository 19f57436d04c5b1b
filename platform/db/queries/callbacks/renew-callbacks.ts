import type { Queryable } from '../../client.ts';

const STATEMENT = {
  name: 'renew_callbacks',
  text: `
update callback_request c set next_try_at = clock_timestamp() + $2 * interval '1 millisecond'
  from unnest($3::uuid[], $4::int[]) as a(callback_id, tries)
 where c.callback_id = a.callback_id and c.tries = a.tries and c.state = 'running' and c.lease_owner = $1
returning c.callback_id as "callbackId"`,
};

/**
 * renewCallbacks    who: worker, while its calls run. Locks the rows it renews.
 * A call missing from the answer is not held any more (its lease ran out, or its run was deleted): stop it.
 */
export async function renewCallbacks(
  db: Queryable,
  held: {
    readonly workerId: string;
    readonly leaseTtlMs: number;
    readonly calls: readonly { readonly callbackId: string; readonly tries: number }[];
  },
): Promise<ReadonlySet<string>> {
  const result = await db.query<{ callbackId: string }>(STATEMENT, [
    held.workerId,
    held.leaseTtlMs,
    held.calls.map((call) => call.callbackId),
    held.calls.map((call) => call.tries),
  ]);
  return new Set(result.rows.map((row) => row.callbackId));
}
