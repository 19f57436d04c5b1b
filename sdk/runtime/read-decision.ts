/** What a branch or gate returned decides who follows. */
import { closest } from '#core/did-you-mean.ts';
import type { TaskDefinition } from '../definition.ts';
import { Fatal } from '../outcomes.ts';

interface Decision {
  readonly value: unknown;
  /** Tasks that may run; null = all. */
  readonly followed: readonly string[] | null;
}

type Cases = Readonly<Record<string, readonly string[]>>;

/** Throws Fatal for a choice that is no case: no retry makes it one. */
export function readDecision(task: TaskDefinition, returned: unknown): Decision {
  if (task.kind === 'gate') return { value: Boolean(returned), followed: returned ? null : [] };
  if (task.kind !== 'branch' || task.branchCases === null) return { value: returned, followed: null };
  const cases = task.branchCases;
  if (task.decision !== undefined) {
    const { value, chosen } = task.decision(returned);
    return { value, followed: cases[chosen] ?? [] };
  }
  return { value: returned, followed: [...new Set(namesOf(returned).flatMap((choice) => headsOf(task.id, cases, choice)))] };
}

/** One case, a list of them, or null for none. */
function namesOf(returned: unknown): readonly unknown[] {
  if (returned === null) return [];
  return Array.isArray(returned) ? returned : [returned];
}

/** The tasks that start a case. A boolean names the case "true" or "false". */
function headsOf(taskId: string, cases: Cases, choice: unknown): readonly string[] {
  const name = typeof choice === 'boolean' ? String(choice) : choice;
  if (typeof name === 'string' && Object.hasOwn(cases, name)) return cases[name] ?? [];
  const near = typeof name === 'string' ? closest(name, Object.keys(cases)) : null;
  const hint = near ? ` Did you mean "${near}"?` : '';
  throw new Fatal(`Branch "${taskId}" chose ${shown(choice)}, which is no case.${hint} Cases: ${Object.keys(cases).join(', ')}.`);
}

function shown(choice: unknown): string {
  if (choice === undefined) return 'nothing (return null to follow no case)';
  return typeof choice === 'string' ? `"${choice}"` : typeof choice;
}
