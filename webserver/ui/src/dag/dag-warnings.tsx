import { TriangleAlert } from 'lucide-react';
import type { UiDag } from '../../../ui-api/types.ts';

/** What of this DAG will not do what its file says. */
export function DagWarnings({ dag }: { dag: UiDag }) {
  return dag.warnings.map((warning) => (
    <div
      key={warning}
      role="status"
      className="mx-4 mt-3 flex items-start gap-2.5 rounded-lg border border-warning-line bg-warning-soft px-3.5 py-2.5 md:mx-6"
    >
      <TriangleAlert size={15} className="mt-[3px] shrink-0 text-warning" />
      <p className="min-w-0 break-words">{warning}</p>
    </div>
  ));
}
