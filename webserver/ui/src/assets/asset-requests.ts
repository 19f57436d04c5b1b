/** Reads and writes about assets. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { queryString } from '#ui-kit/json-request.ts';
import type { UiAsset, UiAssetList } from '../../../ui-api/asset-types.ts';
import { request } from '../api/http.ts';
import { restApi, uiApi } from '../api/paths.ts';
import type { RestAssetEventPage, RestAssetLineage, RestAssetVersionPage, RestDagRun } from '../api/rest-types.ts';

/** One page of the catalogue. */
export function useAssets(filters: {
  search?: string | undefined;
  column?: string | undefined;
  tag?: string | undefined;
  owner?: string | undefined;
  all?: string | undefined;
  limit: number;
  offset: number;
}) {
  return useQuery({
    queryKey: ['assets', filters],
    queryFn: ({ signal }) => request<UiAssetList>('GET', uiApi.assets + queryString({ ...filters }), undefined, signal),
    placeholderData: keepPreviousData,
  });
}

/** One asset with what waits for it. */
export function useAsset(assetId: string) {
  return useQuery({
    queryKey: ['asset', assetId],
    queryFn: ({ signal }) => request<UiAsset>('GET', uiApi.asset(assetId), undefined, signal),
    enabled: assetId !== '',
  });
}

/** Events of an asset, newest first. */
export function useAssetEvents(assetId: number, offset: number, limit: number) {
  return useQuery({
    queryKey: ['assetEvents', assetId, offset, limit],
    queryFn: ({ signal }) =>
      request<RestAssetEventPage>(
        'GET',
        restApi.assetEvents + queryString({ asset_id: assetId, order_by: '-id', offset, limit }),
        undefined,
        signal,
      ),
    placeholderData: keepPreviousData,
  });
}

/** What each writing of an asset left behind, newest first. */
export function useAssetVersions(assetId: number, offset: number, limit: number) {
  return useQuery({
    queryKey: ['assetVersions', assetId, offset, limit],
    queryFn: ({ signal }) =>
      request<RestAssetVersionPage>('GET', restApi.assetVersions(assetId) + queryString({ offset, limit }), undefined, signal),
    placeholderData: keepPreviousData,
  });
}

/** What it is made of and what is made of it, so many steps away. */
export function useAssetLineage(assetId: number, depth: number) {
  return useQuery({
    queryKey: ['assetLineage', assetId, depth],
    queryFn: ({ signal }) => request<RestAssetLineage>('GET', restApi.assetLineage(assetId) + queryString({ depth }), undefined, signal),
    placeholderData: keepPreviousData,
  });
}

/** The events that made a run. */
export function useTriggeringEvents(dagId: string, runId: string, isEnabled: boolean) {
  return useQuery({
    queryKey: ['triggeringEvents', dagId, runId],
    queryFn: ({ signal }) => request<RestAssetEventPage>('GET', restApi.triggeringEvents(dagId, runId), undefined, signal),
    enabled: isEnabled,
  });
}

function useRefresh() {
  const client = useQueryClient();
  return () => Promise.all(['assets', 'asset', 'assetEvents', 'dags', 'dag'].map((name) => client.invalidateQueries({ queryKey: [name] })));
}

export interface NewEvent {
  readonly asset_id: number;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly partition_key: string | null;
}

/** Says that an asset was updated. */
export function useCreateEvent() {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: (body: NewEvent) => request<unknown>('POST', restApi.assetEvents, body),
    onSuccess: refresh,
  });
}

/** Runs the DAG that makes an asset; gives the run. */
export function useMaterialize(assetId: number) {
  const refresh = useRefresh();
  return useMutation({
    mutationFn: () => request<RestDagRun>('POST', restApi.materialize(assetId), {}),
    onSuccess: refresh,
  });
}
