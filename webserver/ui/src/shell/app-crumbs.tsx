import { useMatch } from 'react-router';
import { Breadcrumbs, type Crumb } from '#ui-kit/app-shell.tsx';
import { pages } from '../api/paths.ts';
import { useAsset } from '../assets/asset-requests.ts';

/** The trail of the current address. */
export function AppCrumbs() {
  const dag = useMatch('/dags/:dagId/*');
  const run = useMatch('/dags/:dagId/runs/:runId/*');
  const task = useMatch('/dags/:dagId/runs/:runId/tasks/:taskId/*');
  const isPlugins = useMatch('/plugins') !== null;
  const isActions = useMatch('/required_actions') !== null;
  const isDeadlines = useMatch('/deadlines') !== null;
  const isRuns = useMatch('/runs') !== null;
  const isDags = useMatch('/dags') !== null;
  const asset = useMatch('/assets/:assetId');
  const assetId = asset?.params.assetId;
  const assetName = useAsset(assetId ?? '').data?.name;
  const isAssets = useMatch('/assets') !== null;
  if (isPlugins) return <Breadcrumbs crumbs={[{ label: 'Plugins' }]} />;
  if (isAssets) return <Breadcrumbs crumbs={[{ label: 'Assets' }]} />;
  if (asset !== null) return <Breadcrumbs crumbs={[{ label: 'Assets', to: pages.assets() }, { label: assetName ?? assetId ?? '' }]} />;
  if (isActions) return <Breadcrumbs crumbs={[{ label: 'Required actions' }]} />;
  if (isDeadlines) return <Breadcrumbs crumbs={[{ label: 'Deadlines' }]} />;
  if (isRuns) return <Breadcrumbs crumbs={[{ label: 'Runs' }]} />;
  if (isDags) return <Breadcrumbs crumbs={[{ label: 'DAGs' }]} />;
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
