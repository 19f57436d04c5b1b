import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { Stat } from '#ui-kit/card.tsx';
import { StateIcon } from '#ui-kit/state-pill.tsx';
import type { UiHome } from '../../../ui-api/types.ts';
import { pages } from '../api/paths.ts';

/** The counts people ask for first; each leads to the list it counts. */
export function CountStrip({ home }: { home: UiHome }) {
  const { dags, runs } = home;
  return (
    <div className="grid grid-cols-2 divide-line overflow-hidden rounded-xl border border-line bg-surface shadow-1 max-lg:divide-y sm:grid-cols-3 lg:grid-cols-5 lg:divide-x">
      <CountLink to={pages.runs('?state=running')}>
        <Stat
          label={<WithIcon state="running">Running</WithIcon>}
          value={runs.running}
          note="runs now"
          tone={runs.running === 0 ? 'quiet' : 'ink'}
        />
      </CountLink>
      <CountLink to={pages.runs('?state=queued')}>
        <Stat
          label={<WithIcon state="queued">Queued</WithIcon>}
          value={runs.queued}
          note="runs waiting"
          tone={runs.queued === 0 ? 'quiet' : 'ink'}
        />
      </CountLink>
      <CountLink to={pages.runs('?state=failed')}>
        <Stat
          label={<WithIcon state="failed">Failed</WithIcon>}
          value={runs.failed}
          note="last 24 hours"
          tone={runs.failed === 0 ? 'quiet' : 'danger'}
        />
      </CountLink>
      <CountLink to={pages.runs('?state=success')}>
        <Stat
          label={<WithIcon state="success">Succeeded</WithIcon>}
          value={runs.success}
          note="last 24 hours"
          tone={runs.success === 0 ? 'quiet' : 'ink'}
        />
      </CountLink>
      <CountLink to={pages.dags()}>
        <Stat label="Active DAGs" value={dags.active} note={`of ${dags.total}, ${dags.paused} paused`} />
      </CountLink>
    </div>
  );
}

function CountLink({ to, children }: { to: string; children: ReactNode }) {
  return (
    <Link to={to} className="min-w-0 transition-colors hover:bg-hover focus-visible:-outline-offset-2">
      {children}
    </Link>
  );
}

function WithIcon({ state, children }: { state: string; children: string }) {
  return (
    <>
      <StateIcon state={state === 'running' ? 'running' : state} size={12} />
      {children}
    </>
  );
}
