/**
 * How long a fuzzer looks. In the suite a few seconds each; `npm run fuzz -- --minutes 10` looks longer. A failure prints
 * the seed and the path to the smallest counterexample; `npm run fuzz -- --seed 1234` starts from that seed.
 */
import { assert, type IAsyncProperty, type IProperty, type Parameters } from 'fast-check';

const LONG_SECONDS = Number(process.env['FUZZ_SECONDS'] ?? 0);
const SEED = process.env['FUZZ_SEED'];
/** A quick machine ends by the number of runs, a busy one by the time. */
const SUITE_SECONDS = 8;

/** Of the test's own limit: the time the fuzzer may take, and some for the last run. */
export const FUZZ_TIMEOUT_MS = (Math.max(LONG_SECONDS, SUITE_SECONDS) + 60) * 1_000;

/** `runs`: how many are enough in the suite. */
export async function fuzz<T>(property: IProperty<T> | IAsyncProperty<T>, runs: number): Promise<void> {
  const isLong = LONG_SECONDS > 0;
  const parameters: Parameters<T> = {
    numRuns: isLong ? Number.MAX_SAFE_INTEGER : runs,
    interruptAfterTimeLimit: (isLong ? LONG_SECONDS : SUITE_SECONDS) * 1_000,
    ...(SEED !== undefined && { seed: Number(SEED) }),
  };
  await assert(property as IAsyncProperty<T>, parameters);
}
