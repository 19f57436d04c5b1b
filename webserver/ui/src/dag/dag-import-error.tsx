import { FileWarning } from 'lucide-react';
import { Link } from 'react-router';
import type { UiDag } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';

/** Says that the file of this DAG is broken now and that an older version is in use. */
export function DagImportError({ dag }: { dag: UiDag }) {
  if (dag.importError === null) return null;
  const { line, message } = dag.importError;
  return (
    <div
      role="alert"
      className="mx-4 mt-3 flex items-start gap-2.5 rounded-lg border border-danger-line bg-danger-soft px-3.5 py-2.5 md:mx-6"
    >
      <FileWarning size={15} className="mt-[3px] shrink-0 text-danger" />
      <p className="min-w-0 break-words">
        <span className="font-mono text-xs font-medium">
          {dag.filePath}
          {line === null ? '' : `:${line}`}
        </span>{' '}
        could not be loaded: {message} Version {dag.versionNumber}, the last good one, stays in use.{' '}
        <Link to={pages.dags()} className="font-medium underline">
          See the source
        </Link>
      </p>
    </div>
  );
}
