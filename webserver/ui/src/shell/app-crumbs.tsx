import { useLocation, useMatch } from 'react-router';
import { Breadcrumbs, type Crumb } from '#ui-kit/app-shell.tsx';
import { pages } from '../api/paths.ts';
import { useAsset } from '../assets/asset-requests.ts';

/** Pages with nothing above them. */
const PAGE_NAMES: Readonly<Record<string, string>> = {
  '/dags': 'DAGs',
  '/runs': 'Runs',
  '/assets': 'Assets',
  '/syncs': 'Syncs',
  '/required_actions': 'Required actions',
  '/deadlines': 'Deadlines',
  '/blocks': 'Blocks',
  '/connections': 'Connections',
  '/variables': 'Variables',
  '/pools': 'Pools',
  '/plugins': 'Plugins',
};

/** The trail of the current address. */
export function AppCrumbs() {
  const dag = useMatch('/dags/:dagId/*');
  const run = useMatch('/dags/:dagId/runs/:runId/*');
  const task = useMatch('/dags/:dagId/runs/:runId/tasks/:taskId/*');
  const page = PAGE_NAMES[useLocation().pathname.replace(/\/+$/, '')];
  const asset = useMatch('/assets/:assetId');
  const assetId = asset?.params.assetId;
  const assetName = useAsset(assetId ?? '').data?.name;
  if (page !== undefined) return <Breadcrumbs crumbs={[{ label: page }]} />;
  if (asset !== null) return <Breadcrumbs crumbs={[{ label: 'Assets', to: pages.assets() }, { label: assetName ?? assetId ?? '' }]} />;
  const dagId = dag?.params.dagId;
  if (dagId === undefined) return <Breadcrumbs crumbs={[{ label: 'Home' }]} />;
  const crumbs: Crumb[] = [
    { label: 'DAGs', to: pages.dags() },
    { label: dagId, to: pages.dag(dagId), isMono: true },
  ];
  const runId = run?.params.runId;
  if (runId !== undefined) crumbs.push({ label: runId, to: pages.run(dagId, runId), isMono: true });
  const taskId = task?.params.taskId;
  if (taskId !== undefined) crumbs.push({ label: taskId, isMono: true });
  return <Breadcrumbs crumbs={crumbs} />;
}
