/** Judges a chaos run: every invariant of the database, and every check that knows what the harness knows. */
import { checkInvariants } from '#platform/db/invariants/check-invariants.ts';
import { BODY_CHECKS } from './checks/bodies.ts';
import { CALM_CHECK } from './checks/calm.ts';
import type { Broken, Check, Evidence } from './checks/check.ts';
import { LIMIT_CHECKS } from './checks/limits.ts';
import { MODEL_CHECK } from './checks/model.ts';
import { RUN_CHECKS } from './checks/runs.ts';
import { TRACE_CHECKS } from './checks/traces.ts';

const DAY_MS = 86_400_000;
const ALL_CHECKS: readonly Check[] = [...BODY_CHECKS, ...LIMIT_CHECKS, MODEL_CHECK, ...RUN_CHECKS, ...TRACE_CHECKS, CALM_CHECK];

export async function judge(evidence: Evidence, checks: readonly Check[] = ALL_CHECKS): Promise<readonly Broken[]> {
  const found: Broken[] = [];
  for (const { id, promise, violations, error } of await checkInvariants(evidence.cluster.db, DAY_MS))
    found.push({ id, promise, violations: error === null ? violations : [`could not be checked: ${error}`] });
  for (const { id, promise, violations } of checks) found.push({ id, promise, violations: await violations(evidence) });
  return found;
}
