import { Compass } from 'lucide-react';
import { Link } from 'react-router';
import { Page } from '#ui-kit/app-shell.tsx';
import { buttonClass } from '#ui-kit/button.tsx';
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
