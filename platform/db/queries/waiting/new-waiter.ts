/** The rows of new waiters, as parameters of the statement that defers their instances: both are written or neither. */
import type { Waiter } from '#core/waiting/waiter.ts';

export interface NewWaiter {
  readonly waiter: Waiter;
  /** What it waits for. */
  readonly words: string;
  /** The args, encrypted; null = they hold no secret and are stored as they are. */
  readonly sealedArgs: Buffer | null;
}

/** A subselect of ten parameters from number `first` on, in the order of `waiterColumns`. */
export function newWaiters(first: number): string {
  const at = (offset: number, type: string) => `$${first + offset}::${type}[]`;
  return `
  select n.task_instance_id, n.kind, n.args::jsonb as args, n.sealed_args, n.ends::jsonb as ends, n.body_state::jsonb as body_state, n.words, n.every_ms,
         coalesce(n.due_at, clock_timestamp()) as due_at, clock_timestamp() + n.timeout_ms * interval '1 millisecond' as timeout_at
    from unnest(${at(0, 'uuid')}, ${at(1, 'text')}, ${at(2, 'text')}, ${at(3, 'bytea')}, ${at(4, 'text')}, ${at(5, 'text')}, ${at(6, 'text')},
                ${at(7, 'float8')}, ${at(8, 'timestamptz')}, ${at(9, 'float8')})
      as n(task_instance_id, kind, args, sealed_args, ends, body_state, words, every_ms, due_at, timeout_ms)`;
}

export function waiterColumns(rows: readonly (NewWaiter & { readonly taskInstanceId: string })[]): readonly unknown[][] {
  return [
    rows.map((row) => row.taskInstanceId),
    rows.map(({ waiter }) => waiter.kind),
    rows.map(({ waiter, sealedArgs }) => (sealedArgs === null ? JSON.stringify(waiter.args) : null)),
    rows.map(({ sealedArgs }) => sealedArgs),
    rows.map(({ waiter: { onFound, onTimeout, softFail, timeoutMs } }) => JSON.stringify({ onFound, onTimeout, softFail, timeoutMs })),
    rows.map(({ waiter }) => JSON.stringify(waiter.state ?? null)),
    rows.map((row) => row.words),
    rows.map(({ waiter }) => waiter.everyMs),
    rows.map(({ waiter }) => (waiter.kind === 'time' ? new Date(String(waiter.args['at'])) : null)),
    rows.map(({ waiter }) => waiter.timeoutMs),
  ];
}
