/** Every read of the app as a hook. Keys start with the word the push stream invalidates by (see stream.tsx). */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { queryString } from '#ui-kit/json-request.ts';
import type { MonitorSession, Overview, QueueView, TaskPage, WorkerView } from '../../../api/types.ts';
import { request } from './http.ts';
import { api } from './paths.ts';

/** Ages and rates move without any event: what is on screen is asked for this often, while the tab is visible. */
const TICK_MS = 2_000;

/** Who is logged in. Never retried: 401 is an answer. */
export function useSession() {
  return useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => request<MonitorSession>('GET', api.session, undefined, signal),
    retry: false,
    staleTime: 300_000,
  });
}

export function useOverview() {
  return useQuery({
    queryKey: ['overview'],
    queryFn: ({ signal }) => request<Overview>('GET', api.overview, undefined, signal),
    refetchInterval: TICK_MS,
  });
}

export function useWorkers() {
  return useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => request<readonly WorkerView[]>('GET', api.workers, undefined, signal),
    refetchInterval: TICK_MS,
  });
}

export function useWorker(workerId: string) {
  return useQuery({
    queryKey: ['workers', workerId],
    queryFn: ({ signal }) => request<WorkerView>('GET', api.worker(workerId), undefined, signal),
    refetchInterval: TICK_MS,
  });
}

export function useQueues() {
  return useQuery({
    queryKey: ['queues'],
    queryFn: ({ signal }) => request<readonly QueueView[]>('GET', api.queues, undefined, signal),
    refetchInterval: TICK_MS,
  });
}

export interface TaskFilters {
  readonly state?: string;
  readonly search?: string;
  readonly worker?: string;
  readonly limit: number;
  readonly offset?: number;
}

/** One page of tasks. Keeps the last answer while the next one loads, so that typing does not flicker. */
export function useTasks(filters: TaskFilters) {
  return useQuery({
    queryKey: ['tasks', filters],
    queryFn: ({ signal }) => request<TaskPage>('GET', api.tasks + queryString({ ...filters }), undefined, signal),
    placeholderData: keepPreviousData,
    refetchInterval: TICK_MS,
  });
}
