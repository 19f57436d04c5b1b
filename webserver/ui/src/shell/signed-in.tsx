import { Outlet } from 'react-router';
import { SessionGate } from '#ui-kit/session-gate.tsx';
import { useSession } from '../api/queries.ts';
import { StreamProvider } from '../api/stream.tsx';
import { Shell } from './shell.tsx';

export function SignedIn() {
  return (
    <SessionGate session={useSession()} loading="Loading Windlass">
      {(session) => (
        <StreamProvider>
          <Shell session={session}>
            <Outlet />
          </Shell>
        </StreamProvider>
      )}
    </SessionGate>
  );
}
