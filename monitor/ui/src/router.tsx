import { createBrowserRouter } from 'react-router';
import { CrashPage } from '#ui-kit/crash-page.tsx';
import { OverviewPage } from './overview/overview-page.tsx';
import { QueuesPage } from './queues/queues-page.tsx';
import { LoginPage } from './shell/login-page.tsx';
import { NotFoundPage } from './shell/not-found.tsx';
import { SignedIn } from './shell/signed-in.tsx';
import { TasksPage } from './tasks/tasks-page.tsx';
import { WorkerPage } from './workers/worker-page.tsx';
import { WorkersPage } from './workers/workers-page.tsx';

/** Every view has an address, filters and the opened row included. */
export const router = createBrowserRouter([
  { path: '/login', element: <LoginPage />, errorElement: <CrashPage /> },
  {
    path: '/',
    element: <SignedIn />,
    errorElement: <CrashPage />,
    children: [
      { index: true, element: <OverviewPage /> },
      { path: 'workers', element: <WorkersPage /> },
      { path: 'workers/:workerId', element: <WorkerPage /> },
      { path: 'queues', element: <QueuesPage /> },
      { path: 'tasks', element: <TasksPage /> },
      { path: '*', element: <NotFoundPage /> },
    ],
  },
]);
