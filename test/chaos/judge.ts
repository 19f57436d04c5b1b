/** Judges a chaos run: every invariant of the database, and every check that knows what the harness knows. */
import { systemClock } from '#platform/clock.ts';
import { checkInvariants } from '#platform/db/invariants/check-invariants.ts';
import { BODY_CHECKS } from './checks/bodies.ts';
import { CALM_CHECK } from './checks/calm.ts';
import type { Broken, Check, Evidence } from './checks/check.ts';
import { LIMIT_CHECKS } from './checks/limits.ts';
import { MODEL_CHECK } from './checks/model.ts';
import { RUN_CHECKS } from './checks/runs.ts';
import { TRACE_CHECKS } from './checks/traces.ts';
import type { Nemesis } from './nemesis/nemesis.ts';
import type { Sampler } from './sampler.ts';

const DAY_MS = 86_400_000;
const CHECKS: readonly Check[] = [...BODY_CHECKS, ...LIMIT_CHECKS, MODEL_CHECK, ...RUN_CHECKS, ...TRACE_CHECKS, CALM_CHECK];
/** Those that hold while everything runs, too. */
const ANY_TIME: readonly Check[] = [...LIMIT_CHECKS, ...BODY_CHECKS.filter((check) => check.id === 'INV-13')];
const LOOK_EVERY_MS = 2_000;

export async function judge(evidence: Evidence, checks: readonly Check[] = CHECKS): Promise<readonly Broken[]> {
  const found: Broken[] = [];
  for (const { id, promise, violations, error } of await checkInvariants(evidence.cluster.db, DAY_MS))
    found.push({ id, promise, violations: error === null ? violations : [`could not be checked: ${error}`] });
  for (const { id, promise, violations } of checks) found.push({ id, promise, violations: await violations(evidence) });
  return found;
}

/** Ends the faults as soon as one of some checks is broken: a run that is to turn red need not go on. */
export class EarlyEnd {
  broken: readonly Broken[] = [];
  readonly #ids: readonly string[];
  readonly #sampler: Sampler;
  readonly #nemesis: Nemesis;
  readonly #gather: () => Evidence;
  readonly #stopping = new AbortController();
  #looking: Promise<void> = Promise.resolve();

  constructor(ids: readonly string[], sampler: Sampler, nemesis: Nemesis, gather: () => Evidence) {
    this.#ids = ids;
    this.#sampler = sampler;
    this.#nemesis = nemesis;
    this.#gather = gather;
  }

  get isBroken(): boolean {
    return this.broken.length > 0;
  }

  start(): void {
    if (this.#ids.length > 0) this.#looking = this.#look();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looking;
  }

  async #look(): Promise<void> {
    while (!this.#stopping.signal.aborted && !this.isBroken) {
      await systemClock.sleep(LOOK_EVERY_MS, this.#stopping.signal);
      // Postgres may be away.
      const found = [...this.#sampler.found, ...(await judge(this.#gather(), ANY_TIME).catch(() => []))];
      this.broken = found.filter(
        (one) => this.#ids.includes(one.id) && one.violations.length > 0 && !one.violations[0]?.startsWith('could not'),
      );
    }
    if (this.isBroken) this.#nemesis.stop();
  }
}
