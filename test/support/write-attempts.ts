/** The parts of what a worker writes, one at a time: claims, starts of bodies, ends. */
import type { Queryable } from '#platform/db/client.ts';
import type { BodyStart } from '#platform/db/queries/begin-bodies.ts';
import type { Claim, Claimed } from '#platform/db/queries/claim-task-instances.ts';
import type { Finish } from '#platform/db/queries/finish-attempts.ts';
import { writeAttempts } from '#platform/db/queries/write-attempts.ts';

const NOTHING = { hostname: 'h', leaseTtlMs: 30_000, claims: [], starts: [], finishes: [] };

export async function claimTaskInstances(
  db: Queryable,
  batch: { readonly workerId: string; readonly hostname: string; readonly leaseTtlMs: number; readonly claims: readonly Claim[] },
): Promise<readonly Claimed[]> {
  return (await writeAttempts(db, { ...NOTHING, ...batch })).claimed;
}

/** Returns the attempts whose bodies may run. */
export async function beginBodies(
  db: Queryable,
  { workerId, bodies }: { readonly workerId: string; readonly bodies: readonly BodyStart[] },
): Promise<readonly string[]> {
  return [...(await writeAttempts(db, { ...NOTHING, workerId, starts: bodies })).begun];
}

export async function finishAttempts(
  db: Queryable,
  batch: { readonly workerId: string; readonly finishes: readonly Finish[] },
): Promise<{ readonly attemptIds: ReadonlySet<string>; readonly assetDagIds: readonly string[] }> {
  const { finished, assetDagIds } = await writeAttempts(db, { ...NOTHING, ...batch });
  return { attemptIds: finished, assetDagIds };
}
