import { Compass } from 'lucide-react';
import { Link, useRouteError } from 'react-router';
import { buttonClass } from '#ui-kit/button.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';
import { ErrorPanel } from './error-panel.tsx';

/** An address that leads nowhere, or to something that is gone. */
export function NotFoundPage({ what = 'This page', detail }: { what?: string; detail?: string }) {
  return (
    <EmptyState
      icon={<Compass size={20} />}
      title={`${what} does not exist`}
      actions={
        <Link to="/dags" className={buttonClass()}>
          See all DAGs
        </Link>
      }
    >
      {detail ?? 'It may have been deleted or renamed, or the address was mistyped.'}
    </EmptyState>
  );
}

/** What shows when a page itself broke. A reload fetches new code after an upgrade of the server. */
export function CrashPage() {
  const error = useRouteError();
  return (
    <div className="mx-auto max-w-xl p-10">
      <ErrorPanel error={error instanceof Error ? error : new Error(String(error))} onRetry={() => window.location.reload()} />
    </div>
  );
}
