import { RunList } from '../run/run-list.tsx';
import { useDagOfPage } from './dag-layout.tsx';

/** All runs of one DAG. */
export function RunsTab() {
  const dag = useDagOfPage();
  return (
    <div className="flex flex-col gap-3 px-4 py-4 md:px-6">
      <RunList dagId={dag.dagId} />
    </div>
  );
}
