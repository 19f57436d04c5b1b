import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router/dom';
import { makeQueryClient } from '#ui-kit/query-client.ts';
import { reloadAfterUpgrade } from '#ui-kit/reload-after-upgrade.ts';
import { applyStoredTheme } from '#ui-kit/theme.ts';
import { router } from './router.tsx';
import './styles.css';

applyStoredTheme();
reloadAfterUpgrade();

const client = makeQueryClient(2_000);
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root element');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
