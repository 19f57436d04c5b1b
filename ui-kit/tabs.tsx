import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { cx } from './class-names.ts';

export interface TabItem {
  readonly id: string;
  readonly label: string;
  /** Where the tab lives: every tab is an address. */
  readonly to: string;
  readonly count?: number | undefined;
  readonly icon?: ReactNode;
}

/** A row of tabs that are links, so that Back, bookmarks and new windows work. */
export function Tabs({ items, active, label }: { items: readonly TabItem[]; active: string; label: string }) {
  return (
    <div role="tablist" aria-label={label} className="flex gap-1 overflow-x-auto border-b border-line [scrollbar-width:none]">
      {items.map((item) => {
        const isActive = item.id === active;
        return (
          <Link
            key={item.id}
            to={item.to}
            role="tab"
            aria-selected={isActive}
            ref={isActive ? intoView : undefined}
            className={cx(
              'relative -mb-px flex h-9 items-center gap-1.5 border-b-2 px-2.5 text-sm whitespace-nowrap transition-colors',
              isActive ? 'border-brass font-medium text-ink' : 'border-transparent text-ink-2 hover:text-ink',
            )}
          >
            {item.icon}
            {item.label}
            {item.count === undefined || item.count === 0 ? null : (
              <span className="rounded-full bg-press px-1.5 text-2xs font-medium text-ink-2 tabular-nums">{item.count}</span>
            )}
          </Link>
        );
      })}
    </div>
  );
}

/** On a phone the row of tabs is wider than the page. */
function intoView(tab: HTMLAnchorElement | null): void {
  tab?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

/** A small segmented choice inside a toolbar. On a phone it goes on in a second line: no choice is out of reach. */
export function Segmented<T extends string>({
  options,
  value,
  onChange,
  label,
}: {
  options: readonly { readonly value: T; readonly label: string; readonly icon?: ReactNode }[];
  value: T;
  onChange: (value: T) => void;
  label: string;
}) {
  return (
    <div
      role="group"
      aria-label={label}
      className="inline-flex min-h-8 w-fit max-w-full flex-wrap items-center gap-0.5 rounded-lg border border-line bg-sunken p-0.5"
    >
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className={cx(
            'inline-flex h-[26px] items-center gap-1.5 rounded-md px-2.5 text-xs font-medium whitespace-nowrap transition-colors',
            option.value === value ? 'bg-raised text-ink shadow-1' : 'text-ink-3 hover:text-ink',
          )}
        >
          {option.icon}
          {option.label}
        </button>
      ))}
    </div>
  );
}
