/** The inner side of a single task. */
import type { Draft } from './draft.ts';
import type { Handle } from './ref.ts';

/** `each`: given for a mapped task, whose reference stands for the list of its instances' results. */
export function taskHandle(draft: Draft, taskId: string, each: readonly string[] | null = null): Handle {
  return {
    draft,
    id: taskId,
    heads: () => [taskId],
    tails: () => [taskId],
    isJoin: false,
    source: { kind: 'task', taskId, path: [], each },
  };
}
