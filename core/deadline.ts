/** Deadlines of a run: from what they are counted, as data. The row's instant is computed when the run is created. */
import type { CallbackNames } from './callbacks.ts';

export type DeadlineReferenceSpec =
  | { readonly kind: 'queued_at' }
  | { readonly kind: 'logical_date' }
  | { readonly kind: 'fixed'; readonly at: string }
  /** When the run was created plus the average time its last runs took. */
  | { readonly kind: 'average_runtime'; readonly maxRuns: number; readonly minRuns: number };

export interface DeadlineSpec {
  readonly name: string;
  readonly reference: DeadlineReferenceSpec;
  /** May be negative: so long before the reference. */
  readonly withinMs: number;
  readonly callbacks: NonNullable<CallbackNames['on_deadline']>;
}

export const DEADLINE_LIMITS = { perDag: 20, maxRuns: 1_000 } as const;
/** Airflow's: the average of the last 10 runs, however few there are. */
export const AVERAGE_RUNTIME_DEFAULTS = { maxRuns: 10, minRuns: 10 } as const;
