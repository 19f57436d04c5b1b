import type { UseQueryResult } from '@tanstack/react-query';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Skeleton } from '#ui-kit/spinner.tsx';
import { StateText } from '#ui-kit/state-pill.tsx';
import type { RestInstancePage } from '../api/rest-types.ts';

const SHOWN = 100;

/** The instances a dry run names, with the state each has now. */
export function AffectedList({ dryRun }: { dryRun: UseQueryResult<RestInstancePage | null> }) {
  if (dryRun.error !== null) return <ErrorPanel error={dryRun.error} />;
  if (dryRun.data === undefined) return <Skeleton className="h-24 w-full" />;
  if (dryRun.data === null) return null;
  const { task_instances: instances, total_entries: total } = dryRun.data;
  if (total === 0) return <p className="rounded-lg border border-line bg-sunken px-3.5 py-3 text-ink-3">This would change nothing.</p>;
  const runs = new Set(instances.map((instance) => `${instance.dag_id}/${instance.dag_run_id}`));
  const dags = new Set(instances.map((instance) => instance.dag_id));
  return (
    <div className={dryRun.isPlaceholderData ? 'opacity-50' : ''}>
      <p className="mb-1.5 text-xs font-medium text-ink-2">
        {total.toLocaleString('en')} task {total === 1 ? 'instance' : 'instances'}
        {runs.size > 1 ? ` in ${runs.size} runs` : ''}
        {dags.size > 1 ? ` of ${dags.size} DAGs, by external task markers` : ''}
      </p>
      <ul aria-label="Affected task instances" className="max-h-52 divide-y divide-line overflow-y-auto rounded-lg border border-line">
        {instances.slice(0, SHOWN).map((instance) => (
          <li
            key={`${instance.dag_id}/${instance.dag_run_id}/${instance.task_id}/${instance.map_index}`}
            className="flex h-8 items-center gap-3 px-3 text-xs"
          >
            <span className="min-w-0 flex-1 truncate font-mono">
              {dags.size > 1 ? <span className="text-ink-3">{instance.dag_id} / </span> : null}
              {instance.task_id}
              {instance.map_index < 0 ? '' : `[${instance.map_index}]`}
              {runs.size > 1 ? <span className="ml-2 text-2xs text-ink-3">{instance.dag_run_id}</span> : null}
            </span>
            <StateText state={instance.state ?? 'none'} />
          </li>
        ))}
        {total > SHOWN ? <li className="px-3 py-1.5 text-xs text-ink-3">and {(total - SHOWN).toLocaleString('en')} more</li> : null}
      </ul>
    </div>
  );
}
