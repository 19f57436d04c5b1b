import { useCallback, useMemo } from 'react';
import type { Group } from '../grid/task-rows.ts';
import { useUrlState } from '../shell/url-state.ts';
import type { GraphDirection } from './flow-graph.ts';

/** Past this many tasks groups start folded: nobody reads 300 boxes at once. */
const FOLD_FROM_TASKS = 80;
const NARROW_PX = 640;

export interface GraphUrl {
  readonly direction: GraphDirection;
  readonly closed: ReadonlySet<string>;
  readonly toggleGroup: (groupId: string) => void;
}

/** Direction and folded groups of a graph, kept in the address. `closed=-` means that all are open. */
export function useGraphUrl(taskCount: number, groups: readonly Group[]): GraphUrl {
  const [params, change] = useUrlState();
  const text = params.get('closed');
  const closed = useMemo(() => {
    if (text === null) return new Set(taskCount >= FOLD_FROM_TASKS ? groups.map((group) => group.groupId) : []);
    return new Set(text.split(',').filter((id) => id !== '' && id !== '-'));
  }, [text, taskCount, groups]);
  const toggleGroup = useCallback(
    (groupId: string) => {
      const next = new Set(closed);
      if (!next.delete(groupId)) next.add(groupId);
      change({ closed: next.size === 0 ? '-' : [...next].join(',') });
    },
    [closed, change],
  );
  const wanted = params.get('direction');
  // A narrow window has more height than width.
  const fallback = window.innerWidth < NARROW_PX ? 'DOWN' : 'RIGHT';
  return { direction: wanted === 'DOWN' || wanted === 'RIGHT' ? wanted : fallback, closed, toggleGroup };
}
