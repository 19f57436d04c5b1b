/** Reads of a frame: its columns, pages of its rows as they come into sight, and what a column is like. */
import { useQueries, useQuery } from '@tanstack/react-query';
import { queryString } from '#ui-kit/json-request.ts';
import type { UiFrame, UiFrameColumnSummary, UiFrameRows } from '../../../ui-api/data-types.ts';
import { request } from '../api/http.ts';
import { uiApi } from '../api/paths.ts';

export interface FrameAddress {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly key: string;
  /** Of its bytes: another frame under the same key is asked for anew. */
  readonly version: string;
}

export const PAGE_ROWS = 100;
/** A file does not change under its hash. */
const STALE_MS = 10 * 60_000;

const hrefOf = ({ dagId, runId, taskId, mapIndex, key }: FrameAddress, part: string, more: object = {}) =>
  uiApi.frame(dagId, runId, taskId, part) + queryString({ key, map_index: mapIndex, ...more });

export function useFrame(address: FrameAddress) {
  return useQuery({
    queryKey: ['frame', address],
    queryFn: ({ signal }) => request<UiFrame>('GET', hrefOf(address, ''), undefined, signal),
    staleTime: STALE_MS,
    retry: false,
  });
}

/** The pages that hold rows `from` to `to`; a row that is on its way is undefined. */
export function useFrameRows(address: FrameAddress, from: number, to: number) {
  const first = Math.floor(from / PAGE_ROWS);
  const pages = Array.from({ length: Math.max(0, Math.ceil(to / PAGE_ROWS) - first) }, (_, index) => first + index);
  return useQueries({
    queries: pages.map((page) => ({
      queryKey: ['frame', address, 'rows', page],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        request<UiFrameRows>('GET', hrefOf(address, '/rows', { offset: page * PAGE_ROWS, limit: PAGE_ROWS }), undefined, signal),
      staleTime: STALE_MS,
    })),
    combine: (results) => ({
      error: results.find((result) => result.error !== null)?.error ?? null,
      rowAt: (row: number) => results[Math.floor(row / PAGE_ROWS) - first]?.data?.rows[row % PAGE_ROWS],
    }),
  });
}

export function useColumnSummary(address: FrameAddress, column: string, isWanted: boolean) {
  return useQuery({
    queryKey: ['frame', address, 'column', column],
    queryFn: ({ signal }) => request<UiFrameColumnSummary>('GET', hrefOf(address, '/column', { column }), undefined, signal),
    staleTime: STALE_MS,
    enabled: isWanted,
    retry: false,
  });
}
