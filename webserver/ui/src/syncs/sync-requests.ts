/** Reads and writes of streams that tasks sync. Keys start with the words of topics.ts. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { SyncRemoves, SyncResetRows, SyncRowsAre } from '#core/sync/sync-report.ts';
import { queryString } from '#ui-kit/json-request.ts';
import { request } from '../api/http.ts';
import { restApi } from '../api/paths.ts';

export interface RestSync {
  readonly id: number;
  readonly stream: string;
  readonly dag_id: string;
  readonly dag_is_paused: boolean;
  readonly task_id: string;
  readonly source: string;
  readonly destination: string;
  readonly rows_are: SyncRowsAre | null;
  readonly removes: SyncRemoves | null;
  readonly position: unknown;
  readonly rows_total: number;
  readonly updated_at: string;
  readonly last_attempt: {
    readonly state: 'running' | 'success' | 'failed';
    readonly dag_run_id: string;
    readonly map_index: number;
    readonly try_number: number;
    readonly rows: number;
    readonly pages: number;
    readonly removed: number | null;
    readonly start_date: string;
    readonly end_date: string | null;
    readonly error: string | null;
  } | null;
  readonly reset: {
    readonly rows: SyncResetRows;
    readonly requested_by: string;
    readonly requested_at: string;
    /** Streams that have come to the same table since: it is not carried out while they are there. */
    readonly held_by: readonly string[];
    readonly has_begun: boolean;
  } | null;
  readonly last_reset_at: string | null;
}

export interface RestSyncPage {
  readonly syncs: readonly RestSync[];
  readonly total_entries: number;
}

/** A running sync tells of each page; that is not pushed. */
const RUNNING_POLL_MS = 3_000;

export interface SyncFilters {
  readonly search?: string | undefined;
  readonly dag_id?: string | undefined;
  readonly state?: string | undefined;
  readonly is_reset_pending?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

export function useSyncs(filters: SyncFilters) {
  return useQuery({
    queryKey: ['syncs', filters],
    queryFn: ({ signal }) => request<RestSyncPage>('GET', restApi.syncs + queryString({ ...filters }), undefined, signal),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.syncs.some((sync) => sync.last_attempt?.state === 'running') ? RUNNING_POLL_MS : false),
  });
}

/** Lets the next run begin from the start. */
export function useResetSync(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (rows: SyncResetRows) => request<RestSync>('POST', restApi.syncReset(id), { rows }),
    // Also after a refusal: somebody else may have been faster.
    onSettled: () => client.invalidateQueries({ queryKey: ['syncs'] }),
  });
}

/** Takes back a reset that no run has begun. */
export function useWithdrawReset(id: number) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => request<RestSync>('DELETE', restApi.syncReset(id)),
    onSettled: () => client.invalidateQueries({ queryKey: ['syncs'] }),
  });
}
