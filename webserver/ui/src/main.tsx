import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router/dom';
import { applyStoredTheme } from '#ui-kit/theme.ts';
import { ApiError } from './api/http.ts';
import { router } from './router.tsx';
import './styles.css';

applyStoredTheme();

/** After an upgrade of the server an open page asks for code that is gone: it starts anew, but not in a loop. */
const RELOAD_AGAIN_AFTER_MS = 30_000;
window.addEventListener('vite:preloadError', (event) => {
  const lastAt = Number(window.sessionStorage.getItem('windlass-reloaded-at') ?? 0);
  if (Date.now() - lastAt < RELOAD_AGAIN_AFTER_MS) return;
  event.preventDefault();
  window.sessionStorage.setItem('windlass-reloaded-at', String(Date.now()));
  window.location.reload();
});

/** Answers of the server (4xx) are final; only a server that does not answer is asked again. */
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
      staleTime: 2_000,
      refetchOnWindowFocus: true,
      retry: (failures, error) => failures < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
    },
  },
});

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root element');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
