import { Compass } from 'lucide-react';
import { Link } from 'react-router';
import { buttonClass } from '#ui-kit/button.tsx';
import { EmptyState } from '#ui-kit/empty-state.tsx';

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
