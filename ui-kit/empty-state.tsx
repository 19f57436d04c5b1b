import type { ReactNode } from 'react';
import { CopyButton } from './copy-button.tsx';

/** What a page says when it has nothing to show: what would be here, and the command that brings it. */
export function EmptyState({
  icon,
  title,
  children,
  command,
  actions,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  /** A shell command, shown with a copy button. */
  command?: string | undefined;
  actions?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center px-6 py-14 text-center">
      {icon === undefined ? null : (
        <div className="mb-3 grid size-10 place-items-center rounded-xl border border-line bg-sunken text-ink-3">{icon}</div>
      )}
      <h3 className="text-base font-semibold tracking-[-0.01em]">{title}</h3>
      {children === undefined ? null : <div className="mt-1 max-w-[460px] text-sm text-ink-2">{children}</div>}
      {command === undefined ? null : (
        <div className="mt-4 flex max-w-full items-center gap-2 rounded-lg border border-line bg-sunken py-1 pr-1 pl-3 font-mono text-xs">
          <span className="text-ink-3 select-none">$</span>
          <span className="overflow-x-auto whitespace-nowrap">{command}</span>
          <CopyButton text={command} label="Copy command" />
        </div>
      )}
      {actions === undefined ? null : <div className="mt-4 flex gap-2">{actions}</div>}
    </div>
  );
}
