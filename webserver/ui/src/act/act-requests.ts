/** Clearing and marking over REST v2: each act can be asked as a dry run first, which lists what it would touch. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { request } from '../api/http.ts';
import { restApi } from '../api/paths.ts';
import type { RestInstancePage } from '../api/rest-types.ts';

export type TaskVerb = 'clear' | 'success' | 'failed' | 'skipped';
export type RunVerb = 'clear' | 'clear_failed' | 'success' | 'failed';

export interface TaskAct {
  readonly kind: 'task';
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  /** -1 for a task that is not mapped. */
  readonly mapIndex: number;
  readonly verb: TaskVerb;
  readonly isUpstream: boolean;
  readonly isDownstream: boolean;
  readonly isPast: boolean;
  readonly isFuture: boolean;
  /** Clearing only. */
  readonly isOnlyFailed: boolean;
  /** Clearing only: on the newest version of the DAG. */
  readonly isOnLatest: boolean;
  readonly note: string;
}

export interface RunAct {
  readonly kind: 'run';
  readonly dagId: string;
  readonly runId: string;
  readonly verb: RunVerb;
  /** Clearing only: on the newest version of the DAG. */
  readonly isOnLatest: boolean;
}

export type Act = TaskAct | RunAct;

function sendTaskAct(act: TaskAct, isDryRun: boolean): Promise<RestInstancePage> {
  const reach = {
    include_upstream: act.isUpstream,
    include_downstream: act.isDownstream,
    include_past: act.isPast,
    include_future: act.isFuture,
  };
  const note = act.note.trim() === '' || isDryRun ? {} : { note: act.note.trim() };
  if (act.verb === 'clear')
    return request('POST', restApi.clear(act.dagId), {
      dry_run: isDryRun,
      dag_run_id: act.runId,
      task_ids: [act.mapIndex < 0 ? act.taskId : [act.taskId, act.mapIndex]],
      only_failed: act.isOnlyFailed,
      run_on_latest_version: act.isOnLatest,
      ...reach,
      ...note,
    });
  const path = restApi.taskInstance(act.dagId, act.runId, act.taskId, act.mapIndex);
  return request('PATCH', isDryRun ? `${path}/dry_run` : path, { new_state: act.verb, ...reach, ...note });
}

async function sendRunAct(act: RunAct, isDryRun: boolean): Promise<RestInstancePage | null> {
  if (act.verb === 'clear' || act.verb === 'clear_failed')
    return request('POST', restApi.clearRun(act.dagId, act.runId), {
      dry_run: isDryRun,
      only_failed: act.verb === 'clear_failed',
      run_on_latest_version: act.isOnLatest,
    });
  if (!isDryRun) await request('PATCH', restApi.dagRun(act.dagId, act.runId), { state: act.verb });
  return null;
}

function send(act: Act, isDryRun: boolean): Promise<RestInstancePage | null> {
  return act.kind === 'task' ? sendTaskAct(act, isDryRun) : sendRunAct(act, isDryRun);
}

/** What the act would touch; null where the server has no dry run for it. */
export function useDryRun(act: Act) {
  return useQuery({ queryKey: ['dryRun', act], queryFn: () => send(act, true), placeholderData: keepPreviousData, retry: false });
}

/** Does it. */
export function useAct() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (act: Act) => send(act, false),
    onSuccess: () =>
      Promise.all(['run', 'task', 'grid', 'dagRuns', 'dags', 'home'].map((name) => client.invalidateQueries({ queryKey: [name] }))),
  });
}
