/** Addresses of pages, and of what they read: the only place where ids are put into paths. */

const enc = encodeURIComponent;

export const pages = {
  home: () => '/',
  dags: (query = '') => `/dags${query}`,
  runs: (query = '') => `/runs${query}`,
  assets: (query = '') => `/assets${query}`,
  asset: (assetId: number, query = '') => `/assets/${assetId}${query}`,
  syncs: (query = '') => `/syncs${query}`,
  plugins: () => '/plugins',
  blocks: () => '/blocks',
  connections: () => '/connections',
  variables: () => '/variables',
  pools: () => '/pools',
  requiredActions: () => '/required_actions',
  deadlines: () => '/deadlines',
  dag: (dagId: string, tab = '') => `/dags/${enc(dagId)}${tab === '' ? '' : `/${tab}`}`,
  run: (dagId: string, runId: string, tab = '') => `/dags/${enc(dagId)}/runs/${enc(runId)}${tab === '' ? '' : `/${tab}`}`,
  task: (dagId: string, runId: string, taskId: string, mapIndex = -1, tab = '') =>
    `/dags/${enc(dagId)}/runs/${enc(runId)}/tasks/${enc(taskId)}${tab === '' ? '' : `/${tab}`}${mapIndex < 0 ? '' : `?map_index=${mapIndex}`}`,
} as const;

export const uiApi = {
  session: '/ui/api/session',
  home: '/ui/api/home',
  dags: '/ui/api/dags',
  importErrors: '/ui/api/importErrors',
  assets: '/ui/api/assets',
  asset: (assetId: string) => `/ui/api/assets/${enc(assetId)}`,
  plugins: '/ui/api/plugins',
  blocks: '/ui/api/blocks',
  connections: '/ui/api/connections',
  variables: '/ui/api/variables',
  stream: '/ui/api/stream',
  dag: (dagId: string) => `/ui/api/dags/${enc(dagId)}`,
  grid: (dagId: string) => `/ui/api/dags/${enc(dagId)}/grid`,
  source: (dagId: string) => `/ui/api/dags/${enc(dagId)}/source`,
  run: (dagId: string, runId: string) => `/ui/api/dags/${enc(dagId)}/runs/${enc(runId)}`,
  task: (dagId: string, runId: string, taskId: string) => `/ui/api/dags/${enc(dagId)}/runs/${enc(runId)}/tasks/${enc(taskId)}`,
  frame: (dagId: string, runId: string, taskId: string, part = '') =>
    `/ui/api/dags/${enc(dagId)}/runs/${enc(runId)}/tasks/${enc(taskId)}/frame${part}`,
  log: (dagId: string, runId: string, taskId: string) => `/ui/api/dags/${enc(dagId)}/runs/${enc(runId)}/tasks/${enc(taskId)}/log`,
} as const;

export const restApi = {
  dag: (dagId: string) => `/api/v2/dags/${enc(dagId)}`,
  dagRuns: (dagId: string) => `/api/v2/dags/${dagId === '~' ? '~' : enc(dagId)}/dagRuns`,
  dagRun: (dagId: string, runId: string) => `/api/v2/dags/${enc(dagId)}/dagRuns/${enc(runId)}`,
  clearRun: (dagId: string, runId: string) => `/api/v2/dags/${enc(dagId)}/dagRuns/${enc(runId)}/clear`,
  taskInstance: (dagId: string, runId: string, taskId: string, mapIndex: number) =>
    `/api/v2/dags/${enc(dagId)}/dagRuns/${enc(runId)}/taskInstances/${enc(taskId)}${mapIndex < 0 ? '' : `/${mapIndex}`}`,
  assetEvents: '/api/v2/assets/events',
  assetLineage: (assetId: number) => `/api/v2/assets/${assetId}/lineage`,
  assetVersions: (assetId: number) => `/api/v2/assets/${assetId}/versions`,
  materialize: (assetId: number) => `/api/v2/assets/${assetId}/materialize`,
  triggeringEvents: (dagId: string, runId: string) => `/api/v2/dags/${enc(dagId)}/dagRuns/${enc(runId)}/upstreamAssetEvents`,
  syncs: '/api/v2/syncs',
  syncReset: (syncId: number) => `/api/v2/syncs/${syncId}/reset`,
  connections: '/api/v2/connections',
  connectionTest: (id: string) => `/api/v2/connections/${enc(id)}/test`,
  variables: '/api/v2/variables',
  pools: '/api/v2/pools',
  backfills: '/api/v2/backfills',
  backfillDryRun: '/api/v2/backfills/dry_run',
  backfill: (backfillId: number, action: string) => `/api/v2/backfills/${backfillId}/${action}`,
  hitlDetails: (dagId: string, runId: string, taskId: string, mapIndex: number) =>
    `/api/v2/dags/${enc(dagId)}/dagRuns/${enc(runId)}/taskInstances/${enc(taskId)}/${mapIndex}/hitlDetails`,
  clearRuns: (dagId: string) => `/api/v2/dags/${enc(dagId)}/clearDagRuns`,
  versionDiff: (dagId: string, version: number) => `/api/v2/dags/${enc(dagId)}/dagVersions/${version}/diff`,
  clear: (dagId: string) => `/api/v2/dags/${enc(dagId)}/clearTaskInstances`,
} as const;
