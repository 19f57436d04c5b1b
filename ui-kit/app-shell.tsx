import type { LucideIcon } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link, NavLink } from 'react-router';
import { cx } from './class-names.ts';
import { Logo } from './logo.tsx';

export interface NavItem {
  readonly to: string;
  readonly label: string;
  /** What the bottom bar says instead of a long label. */
  readonly shortLabel?: string;
  readonly icon: LucideIcon;
  /** Matches this address only, not those below it. */
  readonly isExact?: boolean;
  /** A count that wants attention; zero and undefined show nothing. */
  readonly alertCount?: number | undefined;
  /** Leaves the app (the monitor on its own port, the docs). */
  readonly isExternal?: boolean;
  /** Left out of the bottom bar, which has room for few. */
  readonly isMinor?: boolean;
}

/** Left rail (a bottom bar on phones), a top bar, and the page. */
export function AppShell({
  suffix,
  items,
  railFooter,
  topLeft,
  topRight,
  children,
}: {
  /** Said after the name: "Monitor". */
  suffix?: string;
  items: readonly NavItem[];
  railFooter?: ReactNode;
  /** Breadcrumbs. */
  topLeft: ReactNode;
  /** Search, stream light, theme, user. */
  topRight: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className="flex h-dvh min-h-0 flex-col md:flex-row">
      <a href="#content" className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:bg-raised focus:p-2">
        Skip to content
      </a>
      <aside className="hidden w-[208px] shrink-0 flex-col border-r border-line bg-bg md:flex">
        <Link to="/" className="flex h-13 items-center px-4" aria-label="Windlass, home">
          <Logo suffix={suffix} />
        </Link>
        <nav aria-label="Main" className="flex flex-1 flex-col gap-0.5 px-2 pt-1">
          {items.map((item) => (
            <RailLink key={item.to} item={item} />
          ))}
        </nav>
        {railFooter === undefined ? null : <div className="border-t border-line p-3 text-xs text-ink-3">{railFooter}</div>}
      </aside>
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <header className="flex h-13 shrink-0 items-center justify-between gap-3 border-b border-line bg-bg px-4 md:px-6">
          <div className="flex min-w-0 items-center gap-2">
            <span className="md:hidden">
              <Logo suffix={suffix} />
            </span>
            <div className="hidden min-w-0 md:block">{topLeft}</div>
          </div>
          <div className="flex shrink-0 items-center gap-1.5">{topRight}</div>
        </header>
        <main id="content" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto outline-none">
          {children}
        </main>
        <nav aria-label="Main, small" className="flex shrink-0 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden">
          {items
            .filter((item) => item.isMinor !== true)
            .map((item) => (
              <BarLink key={item.to} item={item} />
            ))}
        </nav>
      </div>
    </div>
  );
}

function RailLink({ item }: { item: NavItem }) {
  const { icon: Icon } = item;
  const className = 'group flex h-8 items-center gap-2.5 rounded-lg px-2.5 text-sm transition-colors';
  const inside = (
    <>
      <Icon size={16} strokeWidth={1.9} className="shrink-0 opacity-80" />
      <span className="flex-1 truncate">{item.label}</span>
      <AlertCount count={item.alertCount} />
    </>
  );
  if (item.isExternal === true)
    return (
      <a href={item.to} className={cx(className, 'text-ink-2 hover:bg-hover hover:text-ink')}>
        {inside}
      </a>
    );
  return (
    <NavLink
      to={item.to}
      end={item.isExact === true}
      className={({ isActive }) => cx(className, isActive ? 'bg-press font-medium text-ink' : 'text-ink-2 hover:bg-hover hover:text-ink')}
    >
      {inside}
    </NavLink>
  );
}

function BarLink({ item }: { item: NavItem }) {
  const { icon: Icon } = item;
  const className = 'relative flex flex-1 flex-col items-center gap-0.5 py-2 text-2xs';
  if (item.isExternal === true)
    return (
      <a href={item.to} className={cx(className, 'text-ink-3')}>
        <Icon size={18} />
        {item.shortLabel ?? item.label}
      </a>
    );
  return (
    <NavLink
      to={item.to}
      end={item.isExact === true}
      className={({ isActive }) => cx(className, isActive ? 'font-medium text-accent' : 'text-ink-3')}
    >
      <Icon size={18} />
      {item.shortLabel ?? item.label}
      <span className="absolute top-0.5 left-1/2 ml-1.5">
        <AlertCount count={item.alertCount} />
      </span>
    </NavLink>
  );
}

function AlertCount({ count }: { count: number | undefined }) {
  if (count === undefined || count === 0) return null;
  return <span className="rounded-full bg-danger-soft px-1.5 text-2xs font-semibold text-danger tabular-nums">{count}</span>;
}

export interface Crumb {
  readonly label: string;
  readonly to?: string;
  /** Ids are set in the fixed-width face. */
  readonly isMono?: boolean;
}

/** Where we are, as links; the last one is the page itself. */
export function Breadcrumbs({ crumbs }: { crumbs: readonly Crumb[] }) {
  return (
    <nav aria-label="Breadcrumb">
      <ol className="flex min-w-0 items-center gap-1.5 text-sm">
        {crumbs.map((crumb, index) => {
          const isLast = index === crumbs.length - 1;
          const face = crumb.isMono === true ? 'font-mono text-xs' : '';
          return (
            <li key={`${crumb.label}${crumb.to ?? ''}`} className="flex min-w-0 items-center gap-1.5">
              {index === 0 ? null : <span className="text-ink-3/60">/</span>}
              {crumb.to === undefined || isLast ? (
                <span aria-current={isLast ? 'page' : undefined} className={cx('truncate', isLast ? 'text-ink' : 'text-ink-3', face)}>
                  {crumb.label}
                </span>
              ) : (
                <Link to={crumb.to} className={cx('truncate text-ink-3 hover:text-ink', face)}>
                  {crumb.label}
                </Link>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}

/** A page's own column: title row, then content. `wide` drops the reading width. */
export function Page({ children, className }: { children: ReactNode; className?: string }) {
  return <div className={cx('mx-auto flex w-full max-w-[1480px] flex-col gap-4 px-4 py-5 md:px-6', className)}>{children}</div>;
}

/** The title of a page with its actions on the right. */
export function PageHeader({
  title,
  subtitle,
  actions,
  isMono = false,
}: {
  title: ReactNode;
  subtitle?: ReactNode;
  actions?: ReactNode;
  isMono?: boolean;
}) {
  return (
    <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className={cx('truncate text-xl font-semibold tracking-[-0.02em]', isMono && 'font-mono text-lg tracking-normal')}>{title}</h1>
        {subtitle === undefined ? null : <div className="mt-1 text-sm text-ink-2">{subtitle}</div>}
      </div>
      {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
  );
}
