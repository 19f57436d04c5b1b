/** What the backfill form holds, and the request it means. Pure. */
import type { BackfillBody } from './backfill-requests.ts';

export interface BackfillEntries {
  /** As a datetime-local field writes it, in the reader's zone. */
  readonly from: string;
  readonly to: string;
  readonly runBackwards: boolean;
  readonly maxActiveRuns: string;
  readonly reprocess: BackfillBody['reprocess_behavior'];
}

const WEEK_MS = 7 * 86_400_000;

/** A schedule with longer steps than days begins with as many of its steps. */
const STEPS = 3;

/** The last week up to now; longer for a schedule that would have no date in it. `nextRuns` are the DAG's next dates. */
export function firstEntries(now: Date, nextRuns: readonly string[]): BackfillEntries {
  const [next, nextButOne] = nextRuns;
  const stepMs = next === undefined || nextButOne === undefined ? 0 : Date.parse(nextButOne) - Date.parse(next);
  const midnight = new Date(now.getTime() - Math.max(WEEK_MS, STEPS * stepMs));
  midnight.setHours(0, 0, 0, 0);
  return { from: localText(midnight), to: localText(now), runBackwards: false, maxActiveRuns: '10', reprocess: 'none' };
}

export interface ReadBackfill {
  /** Null while something is wrong. */
  readonly body: BackfillBody | null;
  readonly errors: Readonly<Partial<Record<'from' | 'to' | 'maxActiveRuns', string>>>;
}

export function readEntries(dagId: string, entries: BackfillEntries, conf: Readonly<Record<string, unknown>> | null): ReadBackfill {
  const from = new Date(entries.from);
  const to = new Date(entries.to);
  const maxActiveRuns = Number(entries.maxActiveRuns);
  const errors: { from?: string; to?: string; maxActiveRuns?: string } = {};
  if (Number.isNaN(from.getTime())) errors.from = 'Choose the earliest date.';
  if (Number.isNaN(to.getTime())) errors.to = 'Choose the latest date.';
  else if (to < from) errors.to = 'Lies before the earliest date.';
  if (!/^\d+$/.test(entries.maxActiveRuns) || maxActiveRuns < 1 || maxActiveRuns > 1_000) errors.maxActiveRuns = 'From 1 to 1000.';
  if (Object.keys(errors).length > 0 || conf === null) return { body: null, errors };
  const body = {
    dag_id: dagId,
    from_date: from.toISOString(),
    to_date: to.toISOString(),
    run_backwards: entries.runBackwards,
    max_active_runs: maxActiveRuns,
    reprocess_behavior: entries.reprocess,
    dag_run_conf: conf,
  };
  return { body, errors };
}

function localText(at: Date): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}
