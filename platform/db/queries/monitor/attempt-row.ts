/** One attempt as the monitor's statements return it, and the values of their shared search parameter. */

export interface AttemptRow {
  readonly attempt_id: string;
  readonly dag_id: string;
  readonly run_id: string;
  readonly task_id: string;
  readonly map_index: number;
  readonly map_label: string | null;
  readonly try_number: number;
  readonly max_tries: number;
  readonly operator: string;
  readonly pool: string;
  readonly queue: string;
  readonly state: string;
  readonly reason: string | null;
  readonly worker_id: string;
  readonly hostname: string;
  readonly pid: number | null;
  readonly queued_at: Date | null;
  readonly claimed_at: Date | null;
  readonly body_started_at: Date | null;
  readonly ended_at: Date | null;
  readonly waited_ms: number | null;
  readonly ran_ms: number | null;
  readonly error_text: string | null;
  readonly error_stack: string | null;
  readonly progress: { readonly done: number; readonly total: number; readonly note?: string } | null;
}

/** One condition on an attempt. All of a list must hold. */
export interface AttemptCondition {
  /** dag, run, task, worker, queue, error, state, operator, pool; any = all the ids; try, wait, time = numbers, seconds for the last two. */
  readonly field: string;
  /** Text fields: what the field must contain, in any case. */
  readonly text: string | null;
  /** Number fields: -1 less than, 0 equal to, 1 greater than `value`. */
  readonly compare: -1 | 0 | 1 | null;
  readonly value: number | null;
  readonly negate: boolean;
}

export interface AttemptFilter {
  readonly conditions: readonly AttemptCondition[];
  readonly limit: number;
  readonly offset: number;
}

/** The five arrays `$n::text[], …` that a statement unnests into one row per condition. */
export function conditionArrays(conditions: readonly AttemptCondition[]): readonly unknown[] {
  return [
    conditions.map((condition) => condition.field),
    conditions.map((condition) => condition.text?.toLowerCase() ?? null),
    conditions.map((condition) => condition.compare),
    conditions.map((condition) => condition.value),
    conditions.map((condition) => condition.negate),
  ];
}

/**
 * SQL that is true when the row `seen` fails no condition; $1 to $5 are `conditionArrays`. `strpos` and not
 * `like`, so that % and _ in what a person typed mean themselves.
 */
export const MEETS_CONDITIONS = `
  not exists (
    select
      from unnest($1::text[], $2::text[], $3::int[], $4::float8[], $5::boolean[]) as c (field, text, compare, value, negate)
     where coalesce(
             case c.field
               when 'dag' then strpos(lower(seen.dag_id), c.text) > 0
               when 'run' then strpos(lower(seen.run_id), c.text) > 0
               when 'task' then strpos(lower(seen.task_id), c.text) > 0
               when 'worker' then strpos(lower(seen.worker_id), c.text) > 0 or strpos(lower(seen.hostname), c.text) > 0
               when 'queue' then strpos(lower(seen.queue), c.text) > 0
               when 'pool' then strpos(lower(seen.pool), c.text) > 0
               when 'operator' then strpos(lower(seen.operator), c.text) > 0
               when 'state' then seen.state = c.text
               when 'error' then strpos(lower(seen.error_text), c.text) > 0
               when 'any' then strpos(lower(concat_ws(' ', seen.dag_id, seen.run_id, seen.task_id, seen.worker_id, seen.hostname, seen.queue)), c.text) > 0
               when 'try' then sign(seen.try_number - c.value) = c.compare
               when 'wait' then sign(seen.waited_ms / 1000 - c.value) = c.compare
               when 'time' then sign(seen.ran_ms / 1000 - c.value) = c.compare
             end, false) = c.negate
  )`;
