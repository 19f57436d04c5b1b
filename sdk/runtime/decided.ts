/** Reads what a body returned whose value is one thing and whose decision another (`sdk/approval-body.ts`). */
import type { Decided } from '../approval-body.ts';
import { brandOf, OUTCOME } from '../brands.ts';
import type { TaskDefinition } from '../definition.ts';

/** Null when it is no such thing. `followed`: the tasks that may run; null = all. */
export function decidedOf(task: TaskDefinition, returned: unknown): { value: unknown; followed: readonly string[] | null } | null {
  if (brandOf(returned, OUTCOME) !== 'decided') return null;
  const { value, decision } = returned as Decided;
  if (typeof decision === 'boolean') return { value, followed: decision ? null : [] };
  return { value, followed: decision.flatMap((name) => task.branchCases?.[name] ?? []) };
}
