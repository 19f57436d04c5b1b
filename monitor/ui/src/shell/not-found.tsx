import { Compass } from 'lucide-react';
import { Link, useRouteError } from 'react-router';
import { Page } from '#ui-kit/app-shell.tsx';
import { buttonClass } from '#ui-kit/button.tsx';
import { CodeBlock } from '#ui-kit/code-block.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';

/** An address that leads nowhere. */
export function NotFoundPage() {
  return (
    <Page>
      <EmptyState
        icon={<Compass size={18} />}
        title="There is no such page"
        actions={
          <Link to="/" className={buttonClass()}>
            To the overview
          </Link>
        }
      >
        The address may be mistyped, or what it named is gone.
      </EmptyState>
    </Page>
  );
}

/** A mistake of ours on a page: says so, shows it, offers the way back. */
export function CrashPage() {
  const error = useRouteError();
  return (
    <Page className="max-w-[720px] pt-16">
      <h1 className="text-xl font-semibold">This page broke</h1>
      <p className="text-ink-2">It is a mistake in the monitor, not in your tasks. Reload the page; if it stays, report the text below.</p>
      <CodeBlock text={error instanceof Error ? (error.stack ?? error.message) : String(error)} wrap />
      <div>
        <a href="/" className={buttonClass()}>
          To the overview
        </a>
      </div>
    </Page>
  );
}
