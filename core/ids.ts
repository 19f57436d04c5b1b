/** Ids that come from outside are parsed once, at the border, by an allow-list. */
import { AppError } from './errors.ts';

/** dag, task, group, pool, queue ids: Airflow's key characters. */
const KEY = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,249}$/;
/** run ids carry instants as well: "manual__2026-11-23T01:22:25.123456+00:00". */
const RUN_ID = /^[A-Za-z0-9_.~:+-]{1,250}$/;

export function isKey(text: unknown): text is string {
  return typeof text === 'string' && KEY.test(text) && !text.includes('..');
}

export function isRunId(text: unknown): text is string {
  return typeof text === 'string' && RUN_ID.test(text) && !text.includes('..');
}

const SHOWN_MAX_CHARS = 100;

/** An id that is refused, as a message shows it: it may be anything, of any length. */
export function shownId(id: unknown): string {
  const text = typeof id === 'string' ? JSON.stringify(id) : typeof id === 'object' && id !== null ? 'an object' : String(id);
  return text.length > SHOWN_MAX_CHARS ? `${text.slice(0, SHOWN_MAX_CHARS)}… (${text.length} characters)` : text;
}

/** Returns the run id, or throws BAD_REQUEST with the allowed form. */
export function parseRunId(text: unknown): string {
  if (isRunId(text)) return text;
  throw new AppError(
    'BAD_REQUEST',
    `The run id ${JSON.stringify(text)} is not valid. Use 1 to 250 of the characters A-Z a-z 0-9 _ . ~ : + - (no "..").`,
  );
}

export const DAG_RUN_TYPES = ['manual', 'scheduled', 'backfill', 'asset_triggered', 'asset_materialization'] as const;
export type DagRunType = (typeof DAG_RUN_TYPES)[number];

/** Airflow's form of a run id: `<type>__<ISO instant>`. */
export function runIdFor(type: DagRunType, instantIso: string): string {
  return `${type}__${instantIso}`;
}
