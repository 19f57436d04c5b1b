import { QueryCache, QueryClient } from '@tanstack/react-query';
import { ApiError } from './json-request.ts';

/** Answers of the server (4xx) are final; only a server that does not answer is asked again. */
const isWorthAnotherTry = (error: Error): boolean => !(error instanceof ApiError) || error.status === 0 || error.status >= 500;

/** The reads of an app. `staleTimeMs`: how long an answer is good enough for the next page that asks. */
export function makeQueryClient(staleTimeMs: number): QueryClient {
  const client: QueryClient = new QueryClient({
    // A session that ended elsewhere shows on the first read that is refused: asking for the session leads to the login.
    queryCache: new QueryCache({
      onError: (error, query) => {
        if (error instanceof ApiError && error.status === 401 && query.queryKey[0] !== 'session')
          void client.invalidateQueries({ queryKey: ['session'] });
      },
    }),
    defaultOptions: {
      queries: {
        staleTime: staleTimeMs,
        refetchOnWindowFocus: true,
        retry: (failures, error) => failures < 2 && isWorthAnotherTry(error),
      },
    },
  });
  return client;
}
