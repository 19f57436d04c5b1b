/** Changing several runs over REST v2: one request per DAG for a clear, one for all marks and deletions. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { request } from '../api/http.ts';
import { restApi } from '../api/paths.ts';
import type { RestInstance, RestInstancePage } from '../api/rest-types.ts';

export type BulkVerb = 'clear' | 'clear_failed' | 'success' | 'failed' | 'delete';

export interface BulkRunAct {
  readonly runs: readonly { readonly dagId: string; readonly runId: string }[];
  readonly verb: BulkVerb;
  /** Clearing only. */
  readonly isOnLatest: boolean;
  readonly note: string;
}

interface BulkResult {
  readonly success: readonly string[];
  readonly errors: readonly { readonly error: string }[];
}

export function isClear(verb: BulkVerb): boolean {
  return verb === 'clear' || verb === 'clear_failed';
}

async function clearRuns(act: BulkRunAct, isDryRun: boolean): Promise<RestInstancePage> {
  const instances: RestInstance[] = [];
  for (const [dagId, runs] of Map.groupBy(act.runs, (run) => run.dagId)) {
    const page = await request<RestInstancePage>('POST', restApi.clearRuns(dagId), {
      dry_run: isDryRun,
      dag_run_ids: runs.map((run) => run.runId),
      only_failed: act.verb === 'clear_failed',
      run_on_latest_version: act.isOnLatest,
      ...(act.note.trim() === '' ? {} : { note: act.note.trim() }),
    });
    instances.push(...page.task_instances);
  }
  return { task_instances: instances, total_entries: instances.length };
}

/** Returns what was refused, in words. */
async function send(act: BulkRunAct): Promise<readonly string[]> {
  if (isClear(act.verb)) {
    await clearRuns(act, false);
    return [];
  }
  const note = act.note.trim() === '' ? {} : { note: act.note.trim() };
  const entities = act.runs.map(({ dagId, runId }) => ({
    dag_id: dagId,
    dag_run_id: runId,
    ...(act.verb === 'delete' ? {} : { state: act.verb, ...note }),
  }));
  const action = act.verb === 'delete' ? 'delete' : 'update';
  const result = await request<Record<'update' | 'delete', BulkResult | null>>('PATCH', restApi.dagRuns('~'), {
    actions: [{ action, entities, action_on_non_existence: 'skip' }],
  });
  return (result[action]?.errors ?? []).map((refusal) => refusal.error);
}

/** What a clear would touch; the other verbs touch the runs themselves. */
export function useBulkDryRun(act: BulkRunAct) {
  return useQuery({
    queryKey: ['dryRun', act],
    queryFn: () => (isClear(act.verb) ? clearRuns(act, true) : null),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

export function useBulkAct() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: () =>
      Promise.all(['run', 'task', 'grid', 'dagRuns', 'dags', 'home'].map((name) => client.invalidateQueries({ queryKey: [name] }))),
  });
}
