/** From the weights that authors give to tasks, the weights their instances have: Airflow's rules. */

export const WEIGHT_RULES = ['downstream', 'upstream', 'absolute'] as const;
export type WeightRule = (typeof WEIGHT_RULES)[number];

export interface WeighedTask {
  readonly taskId: string;
  readonly upstream: readonly string[];
  /** As the author gave it. */
  readonly weight: number;
  /** One of the rules; anything else counts as absolute: a strategy has spoken already. */
  readonly rule: string;
}

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;
/** Tasks whose reachable sets are held at once: 512 of 10,000 tasks are 640 KB. */
const BLOCK = 512;

/**
 * Returns the weight of each task, by task id. `downstream`: its own and that of every task it leads to, each counted
 * once however many ways lead there; `upstream`: likewise of what leads to it; `absolute`: its own. Clamped to 32 bits.
 * `tasks` must be in topological order. Reachable sets are bit sets, so 10,000 tasks with 200,000 edges take a fraction
 * of a second.
 */
export function weighTasks(tasks: readonly WeighedTask[]): ReadonlyMap<string, number> {
  const numbers = new Map(tasks.map((task, index) => [task.taskId, index]));
  const upstream = tasks.map((task) => task.upstream.map((id) => numbers.get(id) as number));
  const downstream: number[][] = tasks.map(() => []);
  upstream.forEach((list, index) => {
    for (const from of list) (downstream[from] as number[]).push(index);
  });
  const order = tasks.map((_, index) => index);
  const weights = tasks.map((task) => task.weight);
  const sums: Readonly<Record<WeightRule, () => readonly number[]>> = {
    downstream: () => sumReachable(order.toReversed(), downstream, weights),
    upstream: () => sumReachable(order, upstream, weights),
    absolute: () => weights,
  };
  const made = new Map<string, readonly number[]>();
  for (const rule of new Set(tasks.map((task) => task.rule))) made.set(rule, (sums[rule as WeightRule] ?? sums.absolute)());
  return new Map(tasks.map((task, index) => [task.taskId, clampWeight(made.get(task.rule)?.[index] ?? task.weight)]));
}

/** To a whole number of 32 bits, as Postgres and Airflow store it. */
export function clampWeight(weight: number): number {
  return Math.max(INT32_MIN, Math.min(INT32_MAX, Math.round(weight)));
}

/**
 * Each node's own weight and those of all it reaches. `order` visits a node after all that `next` leads to. Goes through
 * the possible targets block by block, so that memory stays small.
 */
function sumReachable(order: readonly number[], next: readonly (readonly number[])[], weights: readonly number[]): readonly number[] {
  const sums = [...weights];
  const words = BLOCK / 32;
  const reached = new Int32Array(weights.length * words);
  for (let start = 0; start < weights.length; start += BLOCK) {
    reached.fill(0);
    for (const node of order) {
      const base = node * words;
      for (const target of next[node] as readonly number[]) {
        const from = target * words;
        for (let word = 0; word < words; word++) reached[base + word] = (reached[base + word] as number) | (reached[from + word] as number);
        const bit = target - start;
        if (bit >= 0 && bit < BLOCK) reached[base + (bit >> 5)] = (reached[base + (bit >> 5)] as number) | (1 << (bit & 31));
      }
      sums[node] = (sums[node] as number) + sumOf(reached, base, words, start, weights);
    }
  }
  return sums;
}

function sumOf(reached: Int32Array, base: number, words: number, start: number, weights: readonly number[]): number {
  let sum = 0;
  for (let word = 0; word < words; word++) {
    for (let bits = reached[base + word] as number; bits !== 0; bits &= bits - 1) {
      const lowest = 31 - Math.clz32(bits & -bits);
      sum += weights[start + word * 32 + lowest] as number;
    }
  }
  return sum;
}
