import { ArrowDown, ArrowRight, ChevronsDownUp, ChevronsUpDown } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '#ui-kit/button.tsx';
import { Segmented } from '#ui-kit/tabs.tsx';
import type { Group } from '../grid/task-rows.ts';
import { useUrlState } from '../shell/url-state.ts';
import type { GraphDirection } from './flow-graph.ts';

/** Direction and folding; `children` is what the page adds, such as the choice of a run. */
export function GraphToolbar({
  groups,
  direction,
  children,
}: {
  groups: readonly Group[];
  direction: GraphDirection;
  children?: ReactNode;
}) {
  const [, change] = useUrlState();
  return (
    <div className="flex shrink-0 flex-wrap items-center gap-2 border-b border-line px-4 py-2.5 md:px-6">
      {children}
      <Segmented
        label="Direction"
        value={direction}
        onChange={(value) => change({ direction: value })}
        options={[
          { value: 'RIGHT', label: 'Right', icon: <ArrowRight size={13} /> },
          { value: 'DOWN', label: 'Down', icon: <ArrowDown size={13} /> },
        ]}
      />
      {groups.length === 0 ? null : (
        <>
          <Button
            icon={<ChevronsDownUp size={14} />}
            aria-label="Close all groups"
            title="Close all groups"
            onClick={() => change({ closed: groups.map((group) => group.groupId).join(',') })}
          />
          <Button
            icon={<ChevronsUpDown size={14} />}
            aria-label="Open all groups"
            title="Open all groups"
            onClick={() => change({ closed: '-' })}
          />
        </>
      )}
    </div>
  );
}
