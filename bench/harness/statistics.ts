/** Medians and percentiles: the only figures a benchmark here reports of several. */

/** The value below which the share `p` (0..1) of the values lies; NaN of none. */
export function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const place = (sorted.length - 1) * p;
  const low = Math.floor(place);
  const below = sorted[low] as number;
  return below + ((sorted[Math.min(low + 1, sorted.length - 1)] as number) - below) * (place - low);
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
