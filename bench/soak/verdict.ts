/** The table at the end of a soak: every metric, flat or growing, the worst first. */

import { median } from '../harness/statistics.ts';
import { kindOf, type MetricKind } from './metrics.ts';
import { leastNoticed, type Sample, type Trend, trendOf } from './trend.ts';

export interface Verdict extends Trend {
  readonly metric: string;
}

/**
 * `work`: how much was done lately, at the instant of each sample. What follows it is judged as it would be at a steady pace: with
 * twice the runs within the time that runs are kept, there are twice the rows.
 */
export function judge(series: ReadonlyMap<string, readonly Sample[]>, work: readonly Sample[] = []): readonly Verdict[] {
  return [...series]
    .map(([metric, samples]) => {
      const { tolerance, followsWork } = kindOf(metric);
      const asSeen = trendOf(samples, tolerance);
      const asWorked = followsWork ? trendOf(atOnePace(samples, work), tolerance) : asSeen;
      // What is left behind shows both ways; what comes with more work, in one of them.
      return { metric, ...(asSeen.verdict === 'growing' ? asWorked : asSeen) };
    })
    .toSorted((a, b) => b.growth / b.allowed - a.growth / a.allowed);
}

function atOnePace(samples: readonly Sample[], work: readonly Sample[]): readonly Sample[] {
  const usual = median(work.map((sample) => sample.value));
  return samples.map(({ atMs, value }) => {
    const done = work.findLast((sample) => sample.atMs <= atMs)?.value ?? usual;
    return { atMs, value: done > 0 ? (value * usual) / done : value };
  });
}

const number = (value: number): string => (Number.isFinite(value) ? Number(value.toPrecision(3)).toString() : '-');

/** What leaks are told by: of these a soak says how small a leak it would have noticed. */
const TELLING = ['heap', 'handles', 'fds'] as const satisfies readonly MetricKind[];

export function printNoticed(series: ReadonlyMap<string, readonly Sample[]>): string {
  const parts = TELLING.flatMap((kind) => {
    const least = [...series].flatMap(([metric, samples]) =>
      metric.startsWith(`${kind} `) ? [{ metric, perMinute: leastNoticed(samples, kindOf(metric).tolerance) }] : [],
    );
    const worst = least.toSorted((a, b) => b.perMinute - a.perMinute)[0];
    return worst === undefined ? [] : [`${number(worst.perMinute)} ${kindOf(worst.metric).unit || kind} a minute (${worst.metric})`];
  });
  return `The smallest leaks that would have been noticed everywhere: ${parts.join(', ')}.`;
}

/** `rowsMax`: of those that are flat, so many of the nearest to growing are shown. */
export function printVerdicts(verdicts: readonly Verdict[], rowsMax: number): string {
  const shown = verdicts.filter((one, index) => one.verdict === 'growing' || index < rowsMax);
  const rows = shown.map((one) => {
    const { unit } = kindOf(one.metric);
    return [
      one.metric,
      `${number(one.first)} ${unit}`,
      `${number(one.last)} ${unit}`,
      number(one.growth),
      number(one.allowed),
      number(one.perHour),
      one.verdict,
    ];
  });
  const table = [['metric', 'first third', 'last third', 'growth', 'allowed', 'per hour', 'verdict'], ...rows];
  const widths = (table[0] as string[]).map((_, column) => Math.max(...table.map((row) => (row[column] as string).length)));
  const lines = table.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '),
  );
  const growing = verdicts.filter((one) => one.verdict === 'growing').length;
  const unsure = verdicts.filter((one) => one.verdict === 'not enough samples').length;
  const rest = verdicts.length - shown.length;
  return [
    ...lines,
    ...(rest > 0 ? [`(${rest} more that are flat)`] : []),
    '',
    growing === 0 && unsure === 0
      ? `Nothing grows: ${verdicts.length} metrics are flat.`
      : `${growing} of ${verdicts.length} metrics grow${unsure === 0 ? '' : `, ${unsure} have too few samples`}.`,
  ].join('\n');
}
