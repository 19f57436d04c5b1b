/** Setups and teardowns of a DAG version, prepared for scheduling: which tasks look at which beyond their own edges. */

import { type UpstreamMap, upstreamClosure } from '../dag-graph.ts';
import type { TaskSpec } from '../dag-spec.ts';
import { setupScopes } from '../setup-teardown.ts';

export interface SetupLinks {
  /** A task of a scope: the setups it needs that are not its direct upstream. Empty for teardowns and for `always`. */
  readonly indirectSetups: readonly number[];
  /** A teardown: the tasks of its scopes that are not its direct upstream. It waits until they have ended. */
  readonly scopeWork: readonly number[];
  /** Tasks that are not directly downstream and have to be looked at again when this one has ended. */
  readonly alsoWakes: readonly number[];
}

export const NO_LINKS: SetupLinks = { indirectSetups: [], scopeWork: [], alsoWakes: [] };

/** By task number; undefined for a task without any. Empty for a DAG without setups. */
export function linkSetups(tasks: readonly TaskSpec[], numberOf: (taskId: string) => number): readonly (SetupLinks | undefined)[] {
  const scopes = setupScopes(tasks);
  if (scopes.length === 0) return [];
  const links = new Map<number, { indirectSetups: Set<number>; scopeWork: Set<number>; alsoWakes: Set<number> }>();
  const linkOf = (number: number) => {
    const known = links.get(number) ?? { indirectSetups: new Set(), scopeWork: new Set(), alsoWakes: new Set() };
    links.set(number, known);
    return known;
  };
  const specOf = (taskId: string) => tasks[numberOf(taskId)] as TaskSpec;
  const upstream: UpstreamMap = new Map(tasks.map((task) => [task.taskId, task.upstream]));
  for (const { setupId, teardownIds, memberIds } of scopes) {
    const setup = numberOf(setupId);
    // Of two teardowns of a setup, one may come before work that the other waits for.
    const above = new Map(teardownIds.map((id) => [id, upstreamClosure(upstream, id)]));
    for (const memberId of memberIds) {
      const member = specOf(memberId);
      const number = numberOf(memberId);
      if (member.triggerRule !== 'always' && !member.upstream.includes(setupId)) {
        linkOf(number).indirectSetups.add(setup);
        linkOf(setup).alsoWakes.add(number);
      }
      for (const teardownId of teardownIds) {
        if (!above.get(teardownId)?.has(memberId) || specOf(teardownId).upstream.includes(memberId)) continue;
        linkOf(numberOf(teardownId)).scopeWork.add(number);
        linkOf(number).alsoWakes.add(numberOf(teardownId));
      }
    }
  }
  return tasks.map((_, number) => {
    const found = links.get(number);
    return found && { indirectSetups: [...found.indirectSetups], scopeWork: [...found.scopeWork], alsoWakes: [...found.alsoWakes] };
  });
}
