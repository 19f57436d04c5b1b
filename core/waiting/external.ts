/** What the states of another DAG's run say to a task that waits for it. Airflow's ExternalTaskSensor, as a pure rule. */
import type { WaiterArgs } from './kinds.ts';

/** For each logical date that is asked for. */
export interface ExternalState {
  readonly dagExists: boolean;
  readonly runState: string | null;
  readonly tasks: Readonly<Record<string, readonly string[]>> | null;
  readonly knownTasks: readonly string[] | null;
}

export type ExternalVerdict =
  | { readonly verdict: 'wait'; readonly note: string }
  | { readonly verdict: 'found' }
  | { readonly verdict: 'skip' | 'fail' | 'missing'; readonly reason: string };

interface ExternalArgs {
  readonly dagId: string;
  readonly taskIds?: readonly string[];
  readonly groupId?: string;
  readonly allowedStates: readonly string[];
  readonly skippedStates: readonly string[];
  readonly failedStates: readonly string[];
  readonly checkExistence?: boolean;
}

/** One in a failed state fails, else one in a skipped state skips, else all in allowed states is what was waited for. */
export function judgeExternal(given: WaiterArgs, dates: readonly ExternalState[]): ExternalVerdict {
  const args = given as unknown as ExternalArgs;
  if (args.checkExistence) {
    const missing = missingPart(args, dates);
    if (missing !== null) return { verdict: 'missing', reason: missing };
  }
  const states = dates.flatMap((date) => statesOf(args, date));
  const among = (wanted: readonly string[]) => states.find(({ state }) => state !== null && wanted.includes(state));
  const failed = among(args.failedStates);
  if (failed) return { verdict: 'fail', reason: `${failed.what} is ${failed.state}` };
  const skipped = among(args.skippedStates);
  if (skipped) return { verdict: 'skip', reason: `${skipped.what} is ${skipped.state}` };
  const open = states.filter(({ state }) => state === null || !args.allowedStates.includes(state));
  if (open.length === 0 && states.length > 0) return { verdict: 'found' };
  const first = open[0];
  if (first === undefined) return { verdict: 'wait', note: `group ${args.groupId} has no tasks in that run` };
  const more = open.length > 1 ? ` (and ${open.length - 1} more)` : '';
  return {
    verdict: 'wait',
    note: first.state === null ? `${first.what} is not there yet${more}` : `${first.what} is ${first.state}${more}`,
  };
}

interface Named {
  readonly what: string;
  readonly state: string | null;
}

function statesOf(args: ExternalArgs, { runState, tasks }: ExternalState): readonly Named[] {
  if (runState === null) return [{ what: `the run of ${args.dagId}`, state: null }];
  if (args.taskIds === undefined && args.groupId === undefined) return [{ what: `the run of ${args.dagId}`, state: runState }];
  const ids = args.taskIds ?? Object.keys(tasks ?? {});
  return ids.flatMap((id): readonly Named[] => {
    const states = tasks?.[id] ?? [];
    return states.length === 0 ? [{ what: `task ${id}`, state: null }] : states.map((state) => ({ what: `task ${id}`, state }));
  });
}

function missingPart(args: ExternalArgs, dates: readonly ExternalState[]): string | null {
  if (dates.some((date) => !date.dagExists)) return `there is no DAG ${args.dagId}`;
  const known = dates[0]?.knownTasks ?? [];
  const unknown = (args.taskIds ?? []).find((id) => !known.includes(id));
  if (unknown !== undefined) return `DAG ${args.dagId} has no task ${unknown}`;
  const { groupId } = args;
  if (groupId !== undefined && !known.some((id) => id.startsWith(`${groupId}.`))) return `DAG ${args.dagId} has no group ${groupId}`;
  return null;
}
