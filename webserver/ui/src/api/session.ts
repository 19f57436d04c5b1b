/** Logging in and out, and what each role may do on the pages. The server decides; this only hides dead buttons. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { UiSession } from '../../../ui-api/types.ts';
import { request } from './http.ts';
import { useSession } from './queries.ts';

/** Logs in with a password; the server answers with a session cookie. */
export function useLogin() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (credentials: { username: string; password: string }) => request<unknown>('POST', '/auth/login', credentials),
    onSuccess: () => client.invalidateQueries(),
  });
}

/** Ends the session and forgets all that was read with it. */
export function useLogout() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => request<unknown>('POST', '/auth/logout'),
    onSettled: () => client.resetQueries(),
  });
}

/** Empty until it is known. */
export function useUsername(): string {
  return useSession().data?.username ?? '';
}

/** True when the user may change connections, variables and pools. */
export function useMayAdminister(): boolean {
  const { data } = useSession();
  return data !== undefined && mayAdminister(data);
}

export function mayAdminister({ role }: UiSession): boolean {
  return role === 'admin' || role === 'op';
}

/** True when the user may trigger runs and pause DAGs. */
export function useMayEdit(): boolean {
  const { data } = useSession();
  return data !== undefined && data.role !== 'viewer';
}
