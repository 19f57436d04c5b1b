import {
  Activity,
  AlarmClock,
  ArrowRightLeft,
  Blocks,
  Braces,
  Database,
  ExternalLink,
  House,
  Inbox,
  Layers,
  ListChecks,
  Plug,
  Puzzle,
  Search,
  Workflow,
} from 'lucide-react';
import { type ReactNode, useMemo, useState } from 'react';
import { linksFor } from '#core/fill-link.ts';
import { AppShell, type NavItem } from '#ui-kit/app-shell.tsx';
import { StreamLight } from '#ui-kit/stream-light.tsx';
import { ThemeToggle } from '#ui-kit/theme-toggle.tsx';
import type { UiSession } from '../../../ui-api/types.ts';
import { useApprovals } from '../api/people.ts';
import { useImportErrors, usePlugins } from '../api/queries.ts';
import { mayAdminister } from '../api/session.ts';
import { useStreamStatus } from '../api/stream.tsx';
import { AppCrumbs } from './app-crumbs.tsx';
import { HelpSheet } from './help-sheet.tsx';
import { Palette } from './palette.tsx';
import { useShortcuts } from './shortcuts.ts';
import { UserMenu } from './user-menu.tsx';

/** The monitor runs beside the web server: the same host, its own port. */
function monitorUrl(port: number): string {
  return `${window.location.protocol}//${window.location.hostname}:${port}/`;
}

/** Rail, top bar, palette and help around every page. */
export function Shell({ session, children }: { session: UiSession; children: ReactNode }) {
  const status = useStreamStatus();
  const importErrors = useImportErrors();
  const [overlay, setOverlay] = useState<'palette' | 'help' | null>(null);
  const errorCount = importErrors.data?.errors.length;
  const plugins = usePlugins();
  const failing = plugins.data?.plugins.filter((plugin) => plugin.error !== null || plugin.faults > 0).length;
  const navLinks = useMemo(() => linksFor(plugins.data?.plugins.flatMap((plugin) => plugin.links) ?? [], 'nav'), [plugins.data]);
  const openForMe = useApprovals('open', 0).data?.openForMe;
  const items = useMemo<readonly NavItem[]>(
    () => [
      { to: '/', label: 'Home', icon: House, isExact: true },
      { to: '/dags', label: 'DAGs', icon: Workflow, alertCount: errorCount },
      { to: '/runs', label: 'Runs', icon: ListChecks },
      { to: '/assets', label: 'Assets', icon: Database },
      { to: '/syncs', label: 'Syncs', icon: ArrowRightLeft, isMinor: true },
      { to: '/required_actions', label: 'Required actions', shortLabel: 'Actions', icon: Inbox, alertCount: openForMe },
      { to: '/deadlines', label: 'Deadlines', icon: AlarmClock, isMinor: true },
      ...(mayAdminister(session)
        ? [
            { to: '/connections', label: 'Connections', icon: Plug, isMinor: true },
            { to: '/variables', label: 'Variables', icon: Braces, isMinor: true },
          ]
        : []),
      { to: '/blocks', label: 'Blocks', icon: Blocks, isMinor: true },
      { to: '/pools', label: 'Pools', icon: Layers, isMinor: true },
      { to: '/plugins', label: 'Plugins', icon: Puzzle, alertCount: failing, isMinor: true },
      { to: monitorUrl(session.monitorPort), label: 'Workers', icon: Activity, isExternal: true },
      ...navLinks.map((link) => ({ to: link.href, label: link.name, icon: ExternalLink, isExternal: true, isMinor: true })),
    ],
    [errorCount, failing, navLinks, openForMe, session],
  );
  useShortcuts({ 'mod+k': () => setOverlay('palette'), '?': () => setOverlay('help') });
  const close = () => setOverlay(null);
  return (
    <AppShell
      items={items}
      railFooter={<RailFooter session={session} />}
      topLeft={<AppCrumbs />}
      topRight={
        <>
          <SearchButton onClick={() => setOverlay('palette')} />
          <StreamLight status={status} />
          <ThemeToggle />
          <UserMenu session={session} onHelp={() => setOverlay('help')} />
        </>
      }
    >
      {children}
      {overlay === 'palette' ? <Palette onClose={close} /> : null}
      {overlay === 'help' ? <HelpSheet onClose={close} /> : null}
    </AppShell>
  );
}

function SearchButton({ onClick }: { onClick: () => void }) {
  const key = /Mac|iPhone|iPad/.test(navigator.userAgent) ? '⌘K' : 'Ctrl K';
  return (
    <button
      type="button"
      aria-label="Search and jump"
      onClick={onClick}
      className="mr-1 flex h-8 items-center gap-2 rounded-lg border border-line bg-surface px-2.5 text-xs text-ink-3 shadow-1 transition-colors hover:border-line-strong hover:text-ink-2 lg:w-[240px]"
    >
      <Search size={14} />
      <span className="hidden flex-1 truncate text-left lg:inline">Jump to a DAG or page</span>
      <kbd className="hidden font-mono text-2xs whitespace-nowrap lg:inline">{key}</kbd>
    </button>
  );
}

function RailFooter({ session }: { session: UiSession }) {
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5">
      <dt>Version</dt>
      <dd className="truncate text-right font-mono text-2xs leading-[17px] text-ink-2">{session.version}</dd>
      <dt>Broker</dt>
      <dd className="text-right text-ink-2">{session.broker === 'redis' ? 'Redis' : 'Postgres'}</dd>
    </dl>
  );
}
