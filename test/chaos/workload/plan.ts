/** The DAGs of a chaos run, as data: drawn from the seed, and nothing else. */
import type { TriggerRule } from '#core/trigger-rules.ts';
import { Dice } from '#test/support/seeded.ts';

export type TaskKind = 'plain' | 'list' | 'mapped' | 'sensor' | 'deferring' | 'wait' | 'branch' | 'gate' | 'empty';

export interface TaskPlan {
  readonly id: string;
  readonly kind: TaskKind;
  /** Tasks before it. */
  readonly after: readonly string[];
  readonly rule: TriggerRule;
  readonly retries: 0 | 1 | 2;
  readonly retryDelayMs: number;
  readonly pool: string;
  readonly poolSlots: number;
  readonly durationMs: number;
  /** Of a hundred tries, so many fail; so many skip themselves. */
  readonly failPercent: number;
  readonly skipPercent: number;
  /** list: how long. mapped: the list it is mapped over, or a length of its own. */
  readonly length: number;
  readonly over: string | null;
}

export interface DagPlan {
  readonly dagId: string;
  /** Null = it is triggered by hand only. */
  readonly everyMs: number | null;
  readonly maxActiveRuns: number;
  readonly maxActiveTasks: number;
  readonly tasks: readonly TaskPlan[];
}

/** Slots, by name. `elastic` is made smaller and larger while everything runs, up to this. */
export const POOLS: Readonly<Record<string, number>> = { few: 3, two: 2, elastic: 4 };
/** The others never hold more than their size, at any instant. */
export const RESIZED_POOLS: readonly string[] = ['elastic'];

const EVERY_MS = 5_000;

const KINDS: readonly (readonly [TaskKind, number])[] = [
  ['plain', 52],
  ['list', 8],
  ['mapped', 12],
  ['sensor', 6],
  ['deferring', 6],
  ['wait', 4],
  ['branch', 5],
  ['gate', 4],
  ['empty', 3],
];
const RULES: readonly TriggerRule[] = [
  'all_done',
  'none_failed',
  'one_success',
  'one_failed',
  'all_failed',
  'none_failed_min_one_success',
  'one_done',
  'none_skipped',
  'all_done_min_one_success',
];
const SHORT_MS = 700;
const DURATIONS_MS = [20, 100, 300, 700, 1_500, 3_000, 5_000];

/** `count` DAGs, whose bodies take these times; the first runs by the clock. */
export function planDags(seed: number, count: number, durationsMs: readonly number[] = DURATIONS_MS): readonly DagPlan[] {
  const dice = new Dice(seed);
  return Array.from({ length: count }, (_, number) =>
    planDag(`chaos_${seed}_${number}`, number === 0 ? EVERY_MS : null, dice.fork(), durationsMs),
  );
}

function planDag(dagId: string, everyMs: number | null, dice: Dice, durationsMs: readonly number[]): DagPlan {
  const tasks: TaskPlan[] = [];
  const count = everyMs === null ? dice.int(4, 9) : 3;
  const short = durationsMs.filter((ms) => ms <= SHORT_MS);
  for (let number = 0; number < count; number++) {
    const task = planTask(number, tasks, dice);
    const pool = everyMs === null ? task.pool : 'default_pool';
    // What few can do at once, or comes by itself all the time, must be done soon: else it piles up.
    const isShort = short.length > 0 && (everyMs !== null || pool !== 'default_pool');
    tasks.push({ ...task, pool, poolSlots: everyMs === null ? task.poolSlots : 1, durationMs: dice.pick(isShort ? short : durationsMs) });
  }
  return { dagId, everyMs, maxActiveRuns: dice.int(2, 4), maxActiveTasks: dice.int(3, 6), tasks };
}

function planTask(number: number, before: readonly TaskPlan[], dice: Dice): Omit<TaskPlan, 'durationMs'> {
  const after = before.filter(() => dice.chance(0.35)).map((task) => task.id);
  const lists = before.filter((task) => task.kind === 'list').map((task) => task.id);
  const kind = drawKind(dice);
  const pool = dice.pick(['default_pool', 'default_pool', 'default_pool', 'default_pool', 'default_pool', 'few', 'two', 'elastic']);
  const canFail = kind !== 'empty' && kind !== 'wait';
  return {
    id: `t${number}`,
    kind,
    after,
    rule: after.length === 0 || dice.chance(0.65) ? 'all_success' : dice.pick(RULES),
    retries: dice.pick([0, 0, 1, 1, 2] as const),
    retryDelayMs: dice.pick([50, 200, 800]),
    pool,
    poolSlots: pool === 'few' && dice.chance(0.3) ? 2 : 1,
    failPercent: canFail && dice.chance(0.4) ? dice.pick([20, 50, 90]) : 0,
    skipPercent: kind === 'plain' && dice.chance(0.15) ? 50 : 0,
    length: dice.int(1, 4),
    over: kind === 'mapped' && lists.length > 0 && dice.chance(0.7) ? dice.pick(lists) : null,
  };
}

function drawKind(dice: Dice): TaskKind {
  let rest = dice.int(0, KINDS.reduce((sum, [, weight]) => sum + weight, 0) - 1);
  for (const [kind, weight] of KINDS) {
    if (rest < weight) return kind;
    rest -= weight;
  }
  return 'plain';
}
