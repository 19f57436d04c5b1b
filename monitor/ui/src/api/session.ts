import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { MonitorSession } from '../../../api/types.ts';
import { request } from './http.ts';
import { api } from './paths.ts';
import { useSession } from './queries.ts';

/** Logs in with a password; the monitor answers with the cookie that 8080 knows too. */
export function useLogin() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (credentials: { username: string; password: string }) => request<MonitorSession>('POST', api.session, credentials),
    onSuccess: (session) => client.setQueryData(['session'], session),
  });
}

/** Ends the session, on 8080 too, and forgets all that was read with it. */
export function useLogout() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => request<unknown>('DELETE', api.session),
    onSettled: () => client.resetQueries(),
  });
}

/** True when the user may control workers. The server decides; this only hides dead buttons. */
export function useMayControl(): boolean {
  return useSession().data?.canControl === true;
}

/** Port of the web UI, for links. */
export function useWebPort(): number {
  return useSession().data?.webPort ?? 8080;
}
