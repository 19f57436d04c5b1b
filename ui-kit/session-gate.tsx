import type { ReactNode } from 'react';
import { Navigate, useLocation } from 'react-router';
import { ErrorPanel } from './error-panel.tsx';
import { ApiError } from './json-request.ts';
import { Spinner } from './spinner.tsx';

interface SessionGateProps<Session> {
  readonly session: { readonly data: Session | undefined; readonly error: Error | null; readonly refetch: () => unknown };
  readonly loading: string;
  readonly children: (session: Session) => ReactNode;
}

/** Lets the pages show once somebody is logged in; else sends to the login page and back afterwards. */
export function SessionGate<Session>({ session, loading, children }: SessionGateProps<Session>) {
  const location = useLocation();
  // Asked before the data: a session that has ended keeps its last answer beside the refusal.
  if (session.error instanceof ApiError && session.error.status === 401) {
    const from = `${location.pathname}${location.search}${location.hash}`;
    return <Navigate to={from === '/' ? '/login' : `/login?next=${encodeURIComponent(from)}`} replace />;
  }
  if (session.data !== undefined) return children(session.data);
  return (
    <div className="grid h-dvh place-items-center p-6">
      {session.error === null ? (
        <Spinner size={20} label={loading} />
      ) : (
        <ErrorPanel error={session.error} onRetry={() => void session.refetch()} />
      )}
    </div>
  );
}
