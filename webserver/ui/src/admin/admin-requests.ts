/** Reads and writes of the pages for connections, variables and pools. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { queryString } from '#ui-kit/json-request.ts';
import type { UiConnections, UiVariables } from '../../../ui-api/admin-types.ts';
import { request } from '../api/http.ts';
import { restApi, uiApi } from '../api/paths.ts';
import type { ConnectionBody } from './connection-form.ts';

/** What a pool holds now; slots of -1 mean no limit. */
export interface RestPool {
  readonly name: string;
  readonly slots: number;
  readonly description: string | null;
  readonly include_deferred: boolean;
  readonly occupied_slots: number;
  readonly running_slots: number;
  readonly queued_slots: number;
  readonly scheduled_slots: number;
  readonly deferred_slots: number;
  readonly open_slots: number;
}

export interface VariableBody {
  readonly key: string;
  readonly value: string;
  readonly description: string | null;
}

export interface PoolBody {
  readonly name: string;
  readonly slots: number;
  readonly description: string | null;
  readonly include_deferred: boolean;
}

const POOLS_SHOWN = 1_000;
const POOLS_REFETCH_MS = 5_000;

export function useConnections() {
  return useQuery({
    queryKey: ['connections'],
    queryFn: ({ signal }) => request<UiConnections>('GET', uiApi.connections, undefined, signal),
  });
}

export function useVariables() {
  return useQuery({ queryKey: ['variables'], queryFn: ({ signal }) => request<UiVariables>('GET', uiApi.variables, undefined, signal) });
}

/** Nothing is pushed about pools; what they hold changes with every task. */
export function usePools() {
  return useQuery({
    queryKey: ['pools'],
    queryFn: ({ signal }) =>
      request<{ pools: readonly RestPool[] }>(
        'GET',
        restApi.pools + queryString({ limit: POOLS_SHOWN, order_by: 'name' }),
        undefined,
        signal,
      ),
    refetchInterval: POOLS_REFETCH_MS,
  });
}

/** Creates what is new, changes what is there, and deletes: one hook for each kind of thing. */
function useChanges<Body>(kind: 'connections' | 'variables' | 'pools', idOf: (body: Body) => string) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: [kind] });
  const base = restApi[kind];
  const save = useMutation({
    mutationFn: ({ body, isNew }: { body: Body; isNew: boolean }) =>
      isNew ? request<unknown>('POST', base, body) : request<unknown>('PATCH', `${base}/${encodeURIComponent(idOf(body))}`, body),
    onSuccess: refresh,
  });
  const remove = useMutation({
    mutationFn: (id: string) => request<unknown>('DELETE', `${base}/${encodeURIComponent(id)}`),
    onSuccess: refresh,
  });
  return { save, remove };
}

/** Tries a connection as tasks get it. */
export function useConnectionTest(id: string) {
  return useMutation({ mutationFn: () => request<{ status: boolean; message: string }>('POST', restApi.connectionTest(id)) });
}

/** Tries what stands in the form; nothing is stored. */
export function useFormTest() {
  return useMutation({
    mutationFn: (body: ConnectionBody) => request<{ status: boolean; message: string }>('POST', `${restApi.connections}/test`, body),
  });
}

export const useConnectionChanges = () => useChanges<ConnectionBody>('connections', (body) => body.connection_id);
export const useVariableChanges = () => useChanges<VariableBody>('variables', (body) => body.key);
export const usePoolChanges = () => useChanges<PoolBody>('pools', (body) => body.name);
