/** What a scenario found: figures with units, against bars where the project has set one. Printed, and kept as JSON. */
import { median } from './statistics.ts';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: 'ms' | 's' | 'tasks/s' | 'µs CPU/task' | 'MB' | '% of a core' | 'ratio' | 'jobs/s' | 'rows/s' | 'tasks' | 'files';
  /** The bar, and on which side of it the figure should lie. */
  readonly bar?: { readonly atMost: number } | { readonly atLeast: number };
}

export interface ScenarioReport {
  readonly scenario: string;
  /** What was run, in one line. */
  readonly setUp: string;
  readonly runs: number;
  /** Medians over the runs. */
  readonly figures: readonly Figure[];
  readonly notes: readonly string[];
}

/** Medians, figure by figure, over runs that each report the same figures. */
export function medianFigures(runs: readonly (readonly Figure[])[]): readonly Figure[] {
  const [first = []] = runs;
  return first.map((figure) => ({
    ...figure,
    value: median(runs.flatMap((run) => run.filter((one) => one.name === figure.name).map((one) => one.value))),
  }));
}

export function meetsBar({ value, bar }: Figure): boolean | null {
  if (bar === undefined) return null;
  return 'atMost' in bar ? value <= bar.atMost : value >= bar.atLeast;
}

export function printReport({ scenario, setUp, runs, figures, notes }: ScenarioReport): string {
  const lines = figures.map((figure) => {
    const { name, value, unit, bar } = figure;
    const limit = bar === undefined ? '' : 'atMost' in bar ? `bar <= ${shown(bar.atMost)}` : `bar >= ${shown(bar.atLeast)}`;
    const verdict = { true: 'met', false: 'MISSED', null: '' }[String(meetsBar(figure)) as 'true' | 'false' | 'null'];
    return `  ${name.padEnd(66)} ${shown(value).padStart(10)} ${unit.padEnd(12)} ${limit.padEnd(14)} ${verdict}`.trimEnd();
  });
  return [`${scenario}: ${setUp} (median of ${runs})`, ...lines, ...notes.map((note) => `  note: ${note}`), ''].join('\n');
}

function shown(value: number): string {
  if (Number.isNaN(value)) return '-';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { maximumFractionDigits: digits, minimumFractionDigits: Math.min(digits, 1) });
}
