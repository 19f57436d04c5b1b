/** Every read of the app as a hook. Keys start with the word the push stream invalidates by (see stream.tsx). */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { queryString } from '#ui-kit/json-request.ts';
import type { UiBlocks } from '../../../ui-api/data-types.ts';
import type {
  UiDag,
  UiDagList,
  UiGrid,
  UiHome,
  UiImportErrors,
  UiPlugins,
  UiRun,
  UiSession,
  UiSource,
  UiTaskInstance,
} from '../../../ui-api/types.ts';
import { request } from './http.ts';
import { restApi, uiApi } from './paths.ts';
import type { RestDagRunPage, RestVersionDiff } from './rest-types.ts';

export interface DagFilters {
  readonly search?: string | undefined;
  readonly state?: string | undefined;
  readonly tag?: string | undefined;
  readonly paused?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

export interface RunFilters {
  readonly state?: string | undefined;
  readonly runType?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** Who is logged in. Never retried: 401 is an answer. */
export function useSession() {
  return useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => request<UiSession>('GET', uiApi.session, undefined, signal),
    retry: false,
    staleTime: 300_000,
  });
}

/** Counts and health for the home page. Health ages without any event, so it is asked for again by time. */
export function useHome() {
  return useQuery({
    queryKey: ['home'],
    queryFn: ({ signal }) => request<UiHome>('GET', uiApi.home, undefined, signal),
    refetchInterval: 15_000,
  });
}

/** Plugins change with files, of which nothing is pushed. */
export function usePlugins() {
  return useQuery({
    queryKey: ['plugins'],
    queryFn: ({ signal }) => request<UiPlugins>('GET', uiApi.plugins, undefined, signal),
    refetchInterval: 30_000,
  });
}

/** Blocks and who uses them; they change with files. */
export function useBlocks() {
  return useQuery({
    queryKey: ['blocks'],
    queryFn: ({ signal }) => request<UiBlocks>('GET', uiApi.blocks, undefined, signal),
  });
}

/** One page of DAGs. Keeps the last answer while the next one loads, so that typing does not flicker. */
export function useDags(filters: DagFilters) {
  return useQuery({
    queryKey: ['dags', filters],
    queryFn: ({ signal }) => request<UiDagList>('GET', uiApi.dags + queryString({ ...filters }), undefined, signal),
    placeholderData: keepPreviousData,
  });
}

/** Files that could not be loaded, with the lines around the fault. */
export function useImportErrors() {
  return useQuery({
    queryKey: ['importErrors'],
    queryFn: ({ signal }) => request<UiImportErrors>('GET', uiApi.importErrors, undefined, signal),
  });
}

/** One DAG with its tasks. */
export function useDag(dagId: string) {
  return useQuery({
    queryKey: ['dag', dagId],
    queryFn: ({ signal }) => request<UiDag>('GET', uiApi.dag(dagId), undefined, signal),
  });
}

/** The last runs of a DAG and the state of each task in them. */
export function useGrid(dagId: string, limit: number) {
  return useQuery({
    queryKey: ['grid', dagId, limit],
    queryFn: ({ signal }) => request<UiGrid>('GET', uiApi.grid(dagId) + queryString({ limit }), undefined, signal),
    placeholderData: (previous, query) => (query?.queryKey[1] === dagId ? previous : undefined),
  });
}

/** One run with all its task instances. */
export function useRun(dagId: string, runId: string | null) {
  return useQuery({
    queryKey: ['run', dagId, runId],
    queryFn: ({ signal }) => request<UiRun>('GET', uiApi.run(dagId, runId ?? ''), undefined, signal),
    enabled: runId !== null,
  });
}

/** One task instance with attempts, events and output. `mapIndex` is -1 for a task that is not mapped. */
export function useTaskInstance(dagId: string, runId: string, taskId: string, mapIndex: number) {
  return useQuery({
    queryKey: ['task', dagId, runId, taskId, mapIndex],
    queryFn: ({ signal }) =>
      request<UiTaskInstance>('GET', uiApi.task(dagId, runId, taskId) + queryString({ map_index: mapIndex }), undefined, signal),
  });
}

/** The source of a DAG; null asks for the newest version. */
export function useSource(dagId: string, version: number | null) {
  return useQuery({
    queryKey: ['source', dagId, version],
    queryFn: ({ signal }) => request<UiSource>('GET', uiApi.source(dagId) + queryString({ version }), undefined, signal),
    placeholderData: keepPreviousData,
  });
}

/** What changed from one version of a DAG to another. */
export function useVersionDiff(dagId: string, before: number, after: number) {
  return useQuery({
    queryKey: ['versionDiff', dagId, before, after],
    queryFn: ({ signal }) =>
      request<RestVersionDiff>('GET', restApi.versionDiff(dagId, after) + queryString({ against: before }), undefined, signal),
  });
}

/** A page of runs, newest first; `~` means every DAG. Read from the public REST API. */
export function useDagRuns(dagId: string, { state, runType, limit, offset }: RunFilters) {
  return useQuery({
    queryKey: ['dagRuns', dagId, state, runType, limit, offset],
    queryFn: ({ signal }) =>
      request<RestDagRunPage>(
        'GET',
        restApi.dagRuns(dagId) + queryString({ state, run_type: runType, limit, offset, order_by: '-run_after' }),
        undefined,
        signal,
      ),
    placeholderData: (previous, query) => (query?.queryKey[1] === dagId ? previous : undefined),
  });
}
