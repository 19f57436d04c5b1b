/** Does a series of samples level off, or does it grow? Pure: the soak and its test feed it. */
import { median } from '../harness/statistics.ts';

export interface Sample {
  readonly atMs: number;
  readonly value: number;
}

export interface Tolerance {
  /** Growth of so much over the whole window is noise, in the metric's own unit. */
  readonly absolute: number;
  /** And so much of its level. */
  readonly share: number;
}

export interface Trend {
  /** The median of the first third of the window, and of the last. */
  readonly first: number;
  readonly last: number;
  /** What the slope makes of the window. */
  readonly growth: number;
  readonly allowed: number;
  readonly perHour: number;
  readonly verdict: 'flat' | 'growing' | 'not enough samples';
}

const SAMPLES_MIN = 9;
/** All pairs of more would take longer than they say. */
const PAIRS_OF_MAX = 400;

/**
 * The slope is the median over all pairs of samples (Theil and Sen): a few peaks, or teeth of a saw, do not turn it. A series
 * grows when the slope and the ends of the window both say so: one alone may be a single step, or a long tooth.
 */
export function trendOf(samples: readonly Sample[], { absolute, share }: Tolerance): Trend {
  const level = median(samples.map((sample) => sample.value));
  const third = Math.floor(samples.length / 3);
  const first = median(samples.slice(0, third).map((sample) => sample.value));
  const last = median(samples.slice(samples.length - third).map((sample) => sample.value));
  const spanMs = (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0);
  const slope = median(slopes(thinned(samples)));
  const growth = slope * spanMs;
  const allowed = Math.max(absolute, share * level);
  const isGrowing = growth > allowed && last - first > allowed / 2;
  return {
    first,
    last,
    growth,
    allowed,
    perHour: slope * 3_600_000,
    verdict: samples.length < SAMPLES_MIN ? 'not enough samples' : isGrowing ? 'growing' : 'flat',
  };
}

const MINUTE_MS = 60_000;

/** The smallest leak, a minute, that would have been called growing on top of these samples: what a verdict of flat is worth. */
export function leastNoticed(samples: readonly Sample[], tolerance: Tolerance): number {
  const startMs = samples[0]?.atMs ?? 0;
  const isNoticed = (perMinute: number) => {
    const leaking = samples.map(({ atMs, value }) => ({ atMs, value: value + ((atMs - startMs) / MINUTE_MS) * perMinute }));
    return trendOf(leaking, tolerance).verdict === 'growing';
  };
  let [below, above] = [0, 1];
  while (!isNoticed(above) && above < 1e6) above *= 2;
  for (let step = 0; step < 12; step++) {
    const middle = (below + above) / 2;
    if (isNoticed(middle)) above = middle;
    else below = middle;
  }
  return above;
}

function thinned(samples: readonly Sample[]): readonly Sample[] {
  const step = Math.ceil(samples.length / PAIRS_OF_MAX);
  return samples.filter((_, index) => index % step === 0);
}

function slopes(samples: readonly Sample[]): readonly number[] {
  return samples.flatMap((one, index) =>
    samples.slice(index + 1).flatMap((other) => (other.atMs > one.atMs ? [(other.value - one.value) / (other.atMs - one.atMs)] : [])),
  );
}
