import { useEffect, useRef } from 'react';
import type { TaskView } from '../../../api/types.ts';

/** The ids that were not in the list before: rows that should catch the eye once. Nothing is new at first sight. */
export function useArrivals(tasks: readonly TaskView[]): ReadonlySet<string> {
  const seen = useRef<ReadonlySet<string> | null>(null);
  const before = seen.current;
  const ids = tasks.map((task) => task.attemptId);
  useEffect(() => {
    seen.current = new Set(ids);
  });
  // A filter that brings other rows is no arrival: only a list that mostly stayed has newcomers.
  const fresh = before === null ? [] : ids.filter((id) => !before.has(id));
  return new Set(fresh.length > ids.length / 2 ? [] : fresh);
}
