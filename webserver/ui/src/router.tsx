import { createBrowserRouter } from 'react-router';
import { CrashPage } from '#ui-kit/crash-page.tsx';
import { ToastProvider } from '#ui-kit/toast.tsx';
import { DagLayout } from './dag/dag-layout.tsx';
import { DagsPage } from './dags/dags-page.tsx';
import { HomePage } from './home/home-page.tsx';
import { RunLayout } from './run/run-layout.tsx';
import { RunsPage } from './run/runs-page.tsx';
import { LoadingPage } from './shell/loading-page.tsx';
import { LoginPage } from './shell/login-page.tsx';
import { NotFoundPage } from './shell/not-found.tsx';
import { SignedIn } from './shell/signed-in.tsx';
import { TaskLayout } from './task/task-layout.tsx';

/** Everything a reader can look at has an address; pages few people open first are loaded when opened. */
export const router = createBrowserRouter([
  { path: '/login', element: <LoginPage />, errorElement: <CrashPage /> },
  {
    path: '/',
    // Inside the router, so that a toast may hold links.
    element: (
      <ToastProvider>
        <SignedIn />
      </ToastProvider>
    ),
    errorElement: <CrashPage />,
    hydrateFallbackElement: <LoadingPage />,
    children: [
      { index: true, element: <HomePage /> },
      { path: 'dags', element: <DagsPage /> },
      { path: 'runs', element: <RunsPage /> },
      { path: 'assets', lazy: async () => ({ Component: (await import('./assets/assets-page.tsx')).AssetsPage }) },
      { path: 'assets/:assetId', lazy: async () => ({ Component: (await import('./assets/asset-page.tsx')).AssetPage }) },
      { path: 'syncs', lazy: async () => ({ Component: (await import('./syncs/syncs-page.tsx')).SyncsPage }) },
      { path: 'blocks', lazy: async () => ({ Component: (await import('./blocks/blocks-page.tsx')).BlocksPage }) },
      { path: 'connections', lazy: async () => ({ Component: (await import('./admin/connections-page.tsx')).ConnectionsPage }) },
      { path: 'variables', lazy: async () => ({ Component: (await import('./admin/variables-page.tsx')).VariablesPage }) },
      { path: 'pools', lazy: async () => ({ Component: (await import('./admin/pools-page.tsx')).PoolsPage }) },
      { path: 'plugins', lazy: async () => ({ Component: (await import('./plugins/plugins-page.tsx')).PluginsPage }) },
      {
        path: 'required_actions',
        lazy: async () => ({ Component: (await import('./people/required-actions-page.tsx')).RequiredActionsPage }),
      },
      { path: 'deadlines', lazy: async () => ({ Component: (await import('./people/deadlines-page.tsx')).DeadlinesPage }) },
      {
        path: 'dags/:dagId',
        element: <DagLayout />,
        children: [
          { index: true, lazy: async () => ({ Component: (await import('./dag/overview-tab.tsx')).OverviewTab }) },
          { path: 'grid', lazy: async () => ({ Component: (await import('./grid/grid-tab.tsx')).GridTab }) },
          { path: 'graph', lazy: async () => ({ Component: (await import('./graph/graph-tab.tsx')).GraphTab }) },
          { path: 'runs', lazy: async () => ({ Component: (await import('./dag/runs-tab.tsx')).RunsTab }) },
          { path: 'code', lazy: async () => ({ Component: (await import('./code/code-tab.tsx')).CodeTab }) },
          { path: 'details', lazy: async () => ({ Component: (await import('./dag/details-tab.tsx')).DetailsTab }) },
        ],
      },
      {
        path: 'dags/:dagId/runs/:runId',
        element: <RunLayout />,
        children: [
          { index: true, lazy: async () => ({ Component: (await import('./run/tasks-tab.tsx')).TasksTab }) },
          { path: 'graph', lazy: async () => ({ Component: (await import('./graph/run-graph-tab.tsx')).RunGraphTab }) },
          { path: 'callbacks', lazy: async () => ({ Component: (await import('./run/callbacks-tab.tsx')).CallbacksTab }) },
          { path: 'details', lazy: async () => ({ Component: (await import('./run/run-details-tab.tsx')).RunDetailsTab }) },
        ],
      },
      {
        path: 'dags/:dagId/runs/:runId/tasks/:taskId',
        element: <TaskLayout />,
        children: [
          { index: true, lazy: async () => ({ Component: (await import('./logs/logs-tab.tsx')).LogsTab }) },
          { path: 'respond', lazy: async () => ({ Component: (await import('./task/respond-tab.tsx')).RespondTab }) },
          { path: 'output', lazy: async () => ({ Component: (await import('./task/output-tab.tsx')).OutputTab }) },
          { path: 'checks', lazy: async () => ({ Component: (await import('./task/checks-tab.tsx')).ChecksTab }) },
          { path: 'sync', lazy: async () => ({ Component: (await import('./task/sync-tab.tsx')).SyncTab }) },
          { path: 'attempts', lazy: async () => ({ Component: (await import('./task/attempts-tab.tsx')).AttemptsTab }) },
          { path: 'events', lazy: async () => ({ Component: (await import('./task/events-tab.tsx')).EventsTab }) },
          { path: 'details', lazy: async () => ({ Component: (await import('./task/task-details-tab.tsx')).TaskDetailsTab }) },
        ],
      },
      { path: '*', element: <NotFoundPage /> },
    ],
  },
]);
