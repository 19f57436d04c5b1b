/** Every write of the app as a mutation hook, over the public REST API. The push stream brings the result. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useToast } from '#ui-kit/toast.tsx';
import { request } from './http.ts';
import { restApi } from './paths.ts';
import type { RestDagRun, TriggerBody } from './rest-types.ts';

/** Pauses or unpauses a DAG. */
export function usePauseDag() {
  const client = useQueryClient();
  const toast = useToast();
  return useMutation({
    mutationFn: ({ dagId, isPaused }: { dagId: string; isPaused: boolean }) =>
      request<unknown>('PATCH', restApi.dag(dagId), { is_paused: isPaused }),
    onError: (error, { dagId }) => toast({ tone: 'danger', title: `Could not change ${dagId}`, detail: error.message }),
    onSettled: (_data, _error, { dagId }) =>
      Promise.all([client.invalidateQueries({ queryKey: ['dags'] }), client.invalidateQueries({ queryKey: ['dag', dagId] })]),
  });
}

/** Starts a run; gives the run that was made. */
export function useTriggerRun(dagId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: TriggerBody) => request<RestDagRun>('POST', restApi.dagRuns(dagId), body),
    onSuccess: () => Promise.all(['dags', 'home', 'dag', 'grid', 'dagRuns'].map((name) => client.invalidateQueries({ queryKey: [name] }))),
  });
}
