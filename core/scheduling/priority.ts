/**
 * Who comes first in a pool. A heavier task gets a head start in time, and whoever is ready longer is ahead: so waiting
 * makes up for weight, and nothing starves. As everybody ages alike, an order once found never changes, which is why
 * queues can be kept sorted.
 */

/** The weight whose head start is half of the largest possible. */
const HALF_WEIGHT = 360;

/** Largest head start unless the setting says otherwise: nothing waits longer than this for what came later. */
export const HEAD_START_MAX_MS = 3_600_000;

/**
 * Returns by how much a task of this weight is treated as ready earlier, in ms: `max * weight / (|weight| + 360)`. With
 * the default of one hour: weight 1 is 10 s, 10 is 97 s, 100 is 13 min, 1,000 is 44 min; a negative weight waits so much
 * longer. It grows with the weight, and never beyond `maxMs`.
 */
export function headStartMs(weight: number, maxMs: number = HEAD_START_MAX_MS): number {
  return (maxMs * weight) / (Math.abs(weight) + HALF_WEIGHT);
}

/** The place of an instance that is ready since `sinceMs`; the smallest is first. */
export function rankMs(sinceMs: number, weight: number, maxMs: number = HEAD_START_MAX_MS): number {
  return sinceMs - headStartMs(weight, maxMs);
}
