import { CircleCheckBig } from 'lucide-react';
import { Link } from 'react-router';
import { Page, PageHeader } from '#ui-kit/app-shell.tsx';
import { Card } from '#ui-kit/card.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from '#ui-kit/error-panel.tsx';
import { Skeleton, SkeletonRows } from '#ui-kit/spinner.tsx';
import { pages } from '../api/paths.ts';
import { useDags, useHome } from '../api/queries.ts';
import { ImportErrorList } from '../dags/import-errors.tsx';
import { ActiveDags } from './active-dags.tsx';
import { CountStrip } from './count-strip.tsx';
import { FailureList } from './failure-list.tsx';
import { HealthStrip } from './health-strip.tsx';
import { StateBar } from './state-bar.tsx';

const ACTIVE_DAGS = 8;

export function HomePage() {
  const home = useHome();
  const dags = useDags({ limit: ACTIVE_DAGS, offset: 0 });
  if (home.error !== null && home.data === undefined)
    return (
      <Page>
        <ErrorPanel error={home.error} onRetry={() => void home.refetch()} />
      </Page>
    );
  const { data } = home;
  return (
    <Page>
      <PageHeader title="Home" />
      <title>Windlass</title>
      {data === undefined ? <Skeleton className="h-9 w-full" /> : <HealthStrip health={data.health} workers={data.workers} />}
      <ImportErrorList isCompact />
      {data === undefined ? <Skeleton className="h-[88px] w-full" /> : <CountStrip home={data} />}
      <Card title="Task instances, last 24 hours" bodyClassName="px-4 py-3.5">
        {data === undefined ? <Skeleton className="h-8 w-full" /> : <StateBar counts={data.taskInstances} />}
      </Card>
      <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,5fr)_minmax(0,4fr)]">
        <Card title="Recent failures" actions={<MoreLink to={pages.runs('?state=failed')}>All failed runs</MoreLink>}>
          {data === undefined ? (
            <SkeletonRows rows={5} label="Loading failures" />
          ) : data.recentFailures.length === 0 ? (
            <NoFailures />
          ) : (
            <FailureList runs={data.recentFailures} />
          )}
        </Card>
        <Card title="DAGs" actions={<MoreLink to={pages.dags()}>All DAGs</MoreLink>}>
          {dags.data === undefined ? <SkeletonRows rows={5} label="Loading DAGs" /> : <ActiveDags dags={dags.data.dags} />}
        </Card>
      </div>
    </Page>
  );
}

function MoreLink({ to, children }: { to: string; children: string }) {
  return (
    <Link to={to} className="text-xs font-medium whitespace-nowrap text-ink-2 hover:text-ink hover:underline">
      {children}
    </Link>
  );
}

function NoFailures() {
  return (
    <EmptyState icon={<CircleCheckBig size={20} />} title="Nothing failed lately">
      Runs that end badly show up here with their reason.
    </EmptyState>
  );
}
