/** Asking a worker for something, and telling how far the wish has come: sent, accepted, done, or no answer. */
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { ControlResult, ControlVerb, WorkerPatch } from '../../../api/types.ts';
import { request } from './http.ts';
import { api } from './paths.ts';

export type Wish = { readonly verb: ControlVerb } | { readonly patch: WorkerPatch };

/** Sends a wish; the worker's own view in the answer is shown at once. */
export function useControl(workerId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (wish: Wish) =>
      'verb' in wish
        ? request<ControlResult>('POST', `${api.worker(workerId)}/${wish.verb}`)
        : request<ControlResult>('PATCH', api.worker(workerId), wish.patch),
    onSuccess: (result) => {
      client.setQueryData(['workers', workerId], result.worker);
      void client.invalidateQueries({ queryKey: ['workers'], exact: true });
    },
  });
}
