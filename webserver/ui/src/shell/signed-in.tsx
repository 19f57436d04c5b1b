import { Navigate, Outlet, useLocation } from 'react-router';
import { Spinner } from '#ui-kit/spinner.tsx';
import { ApiError } from '../api/http.ts';
import { useSession } from '../api/queries.ts';
import { StreamProvider } from '../api/stream.tsx';
import { ErrorPanel } from './error-panel.tsx';
import { Shell } from './shell.tsx';

/** Lets the pages show once somebody is logged in; else sends to the login page and back afterwards. */
export function SignedIn() {
  const session = useSession();
  const location = useLocation();
  if (session.error instanceof ApiError && session.error.status === 401) {
    const from = `${location.pathname}${location.search}${location.hash}`;
    return <Navigate to={from === '/' ? '/login' : `/login?next=${encodeURIComponent(from)}`} replace />;
  }
  if (session.data !== undefined)
    return (
      <StreamProvider>
        <Shell session={session.data}>
          <Outlet />
        </Shell>
      </StreamProvider>
    );
  return (
    <div className="grid h-dvh place-items-center p-6">
      {session.error === null ? (
        <Spinner size={20} label="Loading Windlass" />
      ) : (
        <ErrorPanel error={session.error} onRetry={() => void session.refetch()} />
      )}
    </div>
  );
}
