import { Gauge, Layers, ListChecks, Server, Workflow } from 'lucide-react';
import { type ReactNode, useEffect } from 'react';
import { useLocation } from 'react-router';
import { AppShell, Breadcrumbs, type Crumb, type NavItem } from '#ui-kit/app-shell.tsx';
import { StreamLight } from '#ui-kit/stream-light.tsx';
import { ThemeToggle } from '#ui-kit/theme-toggle.tsx';
import type { MonitorSession } from '../../../api/types.ts';
import { webOrigin } from '../api/paths.ts';
import { useOverview, useQueues } from '../api/queries.ts';
import { useStreamStatus } from '../api/stream.tsx';
import { ProcessLights } from './process-lights.tsx';
import { UserMenu } from './user-menu.tsx';

const TITLES: Readonly<Record<string, string>> = { '': 'Overview', workers: 'Workers', queues: 'Queues', tasks: 'Tasks' };

/** Rail, top bar and what needs attention, around every page. */
export function Shell({ session, children }: { session: MonitorSession; children: ReactNode }) {
  const status = useStreamStatus();
  const overview = useOverview().data;
  const stuckQueues = (useQueues().data ?? []).filter((queue) => queue.queued > 0 && queue.consumers === 0).length;
  const crumbs = useCrumbs();
  const items: readonly NavItem[] = [
    { to: '/', label: 'Overview', icon: Gauge, isExact: true },
    { to: '/workers', label: 'Workers', icon: Server, alertCount: overview?.workers.lost },
    { to: '/queues', label: 'Queues', icon: Layers, alertCount: stuckQueues },
    { to: '/tasks', label: 'Tasks', icon: ListChecks },
    { to: webOrigin(session.webPort), label: 'DAGs', icon: Workflow, isExternal: true },
  ];
  return (
    <AppShell
      suffix="Monitor"
      items={items}
      railFooter={<ProcessLights session={session} overview={overview} />}
      topLeft={<Breadcrumbs crumbs={crumbs} />}
      topRight={
        <>
          <StreamLight status={status} />
          <ThemeToggle />
          <UserMenu session={session} />
        </>
      }
    >
      {children}
    </AppShell>
  );
}

/** Where we are, read from the address; also names the browser's tab. */
function useCrumbs(): readonly Crumb[] {
  const [section = '', id] = useLocation().pathname.slice(1).split('/');
  const title = TITLES[section] ?? 'Not found';
  const name = id === undefined ? null : decodeURIComponent(id);
  useEffect(() => {
    document.title = `${name ?? title} · Windlass Monitor`;
  }, [name, title]);
  return name === null
    ? [{ label: title }]
    : [
        { label: title, to: `/${section}` },
        { label: name, isMono: true },
      ];
}
