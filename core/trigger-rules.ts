/**
 * Trigger rules: what a task does given how its direct upstream instances ended. Each rule settles as early
 * as it can, as Airflow's do (a single failure settles `all_success` while siblings still run).
 * Source: the behaviour of TriggerRuleDep in Airflow 3.
 */
import type { TaskInstanceState } from './states.ts';

export const TRIGGER_RULES = [
  'all_success',
  'all_failed',
  'all_done',
  'all_done_min_one_success',
  'all_done_setup_success',
  'one_success',
  'one_failed',
  'one_done',
  'none_failed',
  'none_failed_min_one_success',
  'none_skipped',
  'all_skipped',
  'always',
] as const;
export type TriggerRule = (typeof TRIGGER_RULES)[number];

/** How many direct upstream instances are in which finished state; `total` counts all of them. */
export interface UpstreamCounts {
  readonly total: number;
  readonly success: number;
  readonly failed: number;
  readonly upstreamFailed: number;
  readonly skipped: number;
  readonly removed: number;
}

/** Of the direct upstream instances, those of setups: `all_done_setup_success` looks at how they ended. */
export interface SetupCounts {
  readonly total: number;
  readonly success: number;
  readonly skipped: number;
}

export const NO_SETUPS: SetupCounts = { total: 0, success: 0, skipped: 0 };

export type Verdict = 'run' | 'wait' | 'skip' | 'upstream_failed';

/** Counts states; unfinished ones only add to the total. */
export function countUpstream(states: Iterable<TaskInstanceState>): UpstreamCounts {
  const counts = { total: 0, success: 0, failed: 0, upstreamFailed: 0, skipped: 0, removed: 0 };
  for (const state of states) {
    counts.total += 1;
    if (state === 'success') counts.success += 1;
    else if (state === 'failed') counts.failed += 1;
    else if (state === 'upstream_failed') counts.upstreamFailed += 1;
    else if (state === 'skipped') counts.skipped += 1;
    else if (state === 'removed') counts.removed += 1;
  }
  return counts;
}

interface Facts extends UpstreamCounts {
  readonly done: boolean;
  /** failed + upstream_failed */
  readonly bad: number;
  readonly setups: SetupCounts;
}

/** One row a rule. `removed` upstreams count as neither good nor bad, so a rule never waits for them. */
const RULES: Readonly<Record<TriggerRule, (f: Facts) => Verdict>> = {
  all_success: (f) => (f.bad > 0 ? 'upstream_failed' : f.skipped > 0 ? 'skip' : f.done ? 'run' : 'wait'),
  all_failed: (f) => (f.success > 0 || f.skipped > 0 ? 'skip' : f.done ? 'run' : 'wait'),
  all_done: (f) => (f.done ? 'run' : 'wait'),
  all_done_min_one_success: (f) => (f.skipped > 0 ? 'skip' : !f.done ? 'wait' : f.success > 0 ? 'run' : 'upstream_failed'),
  all_done_setup_success: (f) =>
    !f.done
      ? 'wait'
      : f.setups.success > 0 || f.setups.total === 0
        ? 'run'
        : f.setups.skipped >= f.setups.total
          ? 'skip'
          : 'upstream_failed',
  one_success: (f) => (f.success > 0 ? 'run' : !f.done ? 'wait' : f.skipped >= f.total ? 'skip' : 'upstream_failed'),
  one_failed: (f) => (f.bad > 0 ? 'run' : f.done ? 'skip' : 'wait'),
  one_done: (f) => (f.success + f.failed > 0 ? 'run' : f.done ? 'skip' : 'wait'),
  none_failed: (f) => (f.bad > 0 ? 'upstream_failed' : f.done ? 'run' : 'wait'),
  none_failed_min_one_success: (f) => (f.bad > 0 ? 'upstream_failed' : !f.done ? 'wait' : f.success > 0 ? 'run' : 'skip'),
  none_skipped: (f) => (f.skipped > 0 ? 'skip' : f.done ? 'run' : 'wait'),
  all_skipped: (f) => (f.success + f.bad > 0 ? 'skip' : f.done ? 'run' : 'wait'),
  always: () => 'run',
};

/** Says what a task under this rule does now. A task without upstreams runs. `setups`: part of `counts`. */
export function evaluateTriggerRule(rule: TriggerRule, counts: UpstreamCounts, setups = NO_SETUPS): Verdict {
  if (counts.total === 0) return 'run';
  const bad = counts.failed + counts.upstreamFailed;
  const done = counts.success + bad + counts.skipped + counts.removed >= counts.total;
  return RULES[rule]({ ...counts, bad, done, setups });
}

export function isTriggerRule(text: unknown): text is TriggerRule {
  return (TRIGGER_RULES as readonly unknown[]).includes(text);
}
