/**
 * Asking again for what a push names. A push that comes while a query is being answered is not lost, because the answer
 * may be older than the push: the query is asked once more when that answer is there. The answer is never cancelled for
 * it, so steady pushes cannot keep a slow query from ever showing something.
 */
import type { QueryClient, QueryKey } from '@tanstack/react-query';

export interface PushedRefetch {
  /** Asks again for every query whose key starts so. Without a key: for all. */
  refetch(queryKey?: QueryKey): void;
  close(): void;
}

/** One for each query client; close it with the stream. */
export function pushedRefetch(client: QueryClient): PushedRefetch {
  const cache = client.getQueryCache();
  /** Hashes of queries whose running request may have been answered before a push. */
  const owed = new Set<string>();

  const unsubscribe = cache.subscribe(({ type, query }) => {
    if (type === 'removed') owed.delete(query.queryHash);
    if (type !== 'updated' || query.state.fetchStatus !== 'idle' || !owed.delete(query.queryHash)) return;
    // After the query has finished with the answer that it is telling of.
    queueMicrotask(() => void client.invalidateQueries({ queryKey: query.queryKey, exact: true }, { cancelRefetch: false }));
  });

  return {
    refetch(queryKey) {
      const filter = queryKey === undefined ? {} : { queryKey };
      for (const query of cache.findAll({ ...filter, fetchStatus: 'fetching' })) owed.add(query.queryHash);
      void client.invalidateQueries(filter, { cancelRefetch: false });
    },
    close() {
      unsubscribe();
      owed.clear();
    },
  };
}
