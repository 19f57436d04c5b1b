/** Reads and writes of questions to people, callbacks and deadlines. Keys start with the words of topics.ts. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { queryString } from '#ui-kit/json-request.ts';
import type { UiApproval, UiApprovalList, UiDeadlineList, UiRunExtras } from '../../../ui-api/people-types.ts';
import type { UiLogLine } from '../../../ui-api/types.ts';
import { request } from './http.ts';
import { restApi, uiApi } from './paths.ts';

const PAGE = 25;

/** Questions: those that wait (the longest waiting first), or those that are answered. */
export function useApprovals(state: 'open' | 'answered', offset: number) {
  return useQuery({
    queryKey: ['dags', 'approvals', state, offset],
    queryFn: ({ signal }) =>
      request<UiApprovalList>('GET', `/ui/api/approvals${queryString({ state, offset, limit: PAGE })}`, undefined, signal),
    placeholderData: keepPreviousData,
  });
}

export function useApprovalOf(dagId: string, runId: string, taskId: string, mapIndex: number) {
  return useQuery({
    queryKey: ['task', dagId, runId, taskId, mapIndex, 'approval'],
    queryFn: ({ signal }) =>
      request<{ approval: UiApproval | null }>(
        'GET',
        `${uiApi.task(dagId, runId, taskId)}/approval${queryString({ map_index: mapIndex })}`,
        undefined,
        signal,
      ),
  });
}

export interface Answer {
  readonly chosen: readonly string[];
  readonly form: Readonly<Record<string, unknown>>;
}

export function useAnswer({ dagId, runId, taskId, mapIndex }: UiApproval) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ chosen, form }: Answer) =>
      request<unknown>('PATCH', restApi.hitlDetails(dagId, runId, taskId, mapIndex), { chosen_options: chosen, params_input: form }),
    // Also after a refusal: somebody else may have answered.
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: ['dags', 'approvals'] }),
        client.invalidateQueries({ queryKey: ['task', dagId, runId] }),
        client.invalidateQueries({ queryKey: ['run', dagId, runId] }),
      ]),
  });
}

export function useRunExtras(dagId: string, runId: string) {
  return useQuery({
    queryKey: ['run', dagId, runId, 'extras'],
    queryFn: ({ signal }) => request<UiRunExtras>('GET', `${uiApi.run(dagId, runId)}/extras`, undefined, signal),
  });
}

/** `revision` makes a new read when the call goes on. */
export function useCallbackLog(dagId: string, runId: string, callbackId: string, revision: string) {
  return useQuery({
    queryKey: ['run', dagId, runId, 'callback', callbackId, revision],
    queryFn: ({ signal }) =>
      request<{ lines: readonly UiLogLine[] }>('GET', `${uiApi.run(dagId, runId)}/callbacks/${callbackId}/log`, undefined, signal),
  });
}

export type DeadlineStatus = 'missed' | 'open' | 'met';

export function useDeadlines(status: DeadlineStatus, offset: number) {
  return useQuery({
    queryKey: ['dags', 'deadlines', status, offset],
    queryFn: ({ signal }) =>
      request<UiDeadlineList>('GET', `/ui/api/deadlines${queryString({ status, offset, limit: PAGE })}`, undefined, signal),
    placeholderData: keepPreviousData,
  });
}

export const PEOPLE_PAGE = PAGE;
