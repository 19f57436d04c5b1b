import { CircleCheck, CircleDashed } from 'lucide-react';
import { Link } from 'react-router';
import { Card } from '#ui-kit/card.tsx';
import { TimeAgo } from '#ui-kit/time.tsx';
import type { UiAssetWait } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';

/** Which of the assets a DAG waits for have events, for the DAG's overview. */
export function AssetWaitCard({ wait }: { wait: UiAssetWait }) {
  return (
    <Card
      title="Waits for assets"
      actions={
        <span className="text-xs text-ink-2 tabular-nums">
          {wait.ready} of {wait.total} ready
        </span>
      }
    >
      <ul className="divide-y divide-line">
        {wait.needs.map((need) => (
          <li key={`${need.isAlias}/${need.name}`} className="flex items-center gap-2.5 px-4 py-2">
            {need.events > 0 ? (
              <CircleCheck size={15} role="img" aria-label="ready" className="shrink-0 text-good" />
            ) : (
              <CircleDashed size={15} role="img" aria-label="waiting" className="shrink-0 text-ink-3" />
            )}
            <span className="min-w-0 flex-1 truncate" title={need.name}>
              {need.assetId === null ? (
                <Link to={pages.assets(`?search=${encodeURIComponent(need.name)}`)} className="hover:underline">
                  {need.name}
                </Link>
              ) : (
                <Link to={pages.asset(need.assetId)} className="hover:underline">
                  {need.name}
                </Link>
              )}
            </span>
            <span className="text-xs text-ink-3 tabular-nums">
              {need.events === 0 ? (
                need.isAlias ? (
                  'alias'
                ) : (
                  'no event'
                )
              ) : (
                <>
                  {need.events > 1 ? `${need.events} events, ` : ''}
                  <TimeAgo iso={need.newestAt} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
      <p className="border-t border-line px-4 py-2.5 text-xs text-ink-3">{howItRuns(wait)}</p>
    </Card>
  );
}

function howItRuns(wait: UiAssetWait): string {
  if (wait.isEach) return 'Every event makes a run of its own.';
  if (wait.isPartitioned) return `One run for each partition that has ${wait.words}.`;
  return wait.total === 1 ? 'A run gets all events since the last one.' : `Runs on ${wait.words}, with all events since the last run.`;
}
