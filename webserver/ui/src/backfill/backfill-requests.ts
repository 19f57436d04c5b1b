/** Backfills over REST v2: the dry run that lists dates, the start, and pause, unpause and cancel. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useToast } from '#ui-kit/toast.tsx';
import { request } from '../api/http.ts';
import { restApi } from '../api/paths.ts';

export interface BackfillBody {
  readonly dag_id: string;
  readonly from_date: string;
  readonly to_date: string;
  readonly run_backwards: boolean;
  readonly max_active_runs: number;
  readonly reprocess_behavior: 'none' | 'failed' | 'completed';
  readonly dag_run_conf: Readonly<Record<string, unknown>>;
}

export interface BackfillDates {
  readonly backfills: readonly { readonly logical_date: string }[];
  readonly total_entries: number;
}

/** The dates it would run, in its order. Asks nothing while the body is null. */
export function useBackfillDates(body: BackfillBody | null) {
  return useQuery({
    queryKey: ['backfillDates', body],
    queryFn: ({ signal }) => request<BackfillDates>('POST', restApi.backfillDryRun, body, signal),
    enabled: body !== null,
    placeholderData: keepPreviousData,
    retry: false,
  });
}

/** Starts it. */
export function useStartBackfill() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: BackfillBody) => request<{ id: number }>('POST', restApi.backfills, body),
    onSuccess: refresh,
  });
}

/** Pauses, goes on with or ends a backfill. */
export function useChangeBackfill(backfillId: number) {
  const refresh = useRefresh();
  const toast = useToast();
  return useMutation({
    mutationFn: (action: 'pause' | 'unpause' | 'cancel') => request<unknown>('PUT', restApi.backfill(backfillId, action)),
    onError: (error) => toast({ tone: 'danger', title: 'Could not change the backfill', detail: error.message }),
    onSettled: refresh,
  });
}

function useRefresh() {
  const client = useQueryClient();
  return () => Promise.all(['dag', 'dags', 'grid', 'dagRuns'].map((name) => client.invalidateQueries({ queryKey: [name] })));
}
