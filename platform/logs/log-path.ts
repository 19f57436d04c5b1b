/** Where the log of an attempt lies. The only place that turns ids into a path, as Airflow lays it out. */
import { join, resolve, sep } from 'node:path';
import { AppError } from '#core/errors.ts';
import { isKey, isRunId } from '#core/ids.ts';

export interface LogKey {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  /** -1 = not mapped. */
  readonly mapIndex: number;
  /** 1 = the first. */
  readonly tryNumber: number;
}

/** Returns `<logsFolder>/dag_id=…/run_id=…`, everything of one run. Throws LOG_NOT_FOUND for ids that cannot be ours. */
export function runLogFolder(logsFolder: string, { dagId, runId }: { readonly dagId: string; readonly runId: string }): string {
  if (!isKey(dagId) || !isRunId(runId)) throw new AppError('LOG_NOT_FOUND', 'There is no such log. Check the DAG and run ids.');
  const root = resolve(logsFolder);
  const path = join(root, `dag_id=${dagId}`, `run_id=${runId}`);
  if (!path.startsWith(root + sep)) throw new AppError('LOG_NOT_FOUND', 'There is no such log.');
  return path;
}

/** Returns `<logsFolder>/dag_id=…/run_id=…/callbacks/<callback id>.log`. Throws LOG_NOT_FOUND for ids that cannot be ours. */
export function callbackLogPath(
  logsFolder: string,
  key: { readonly dagId: string; readonly runId: string; readonly callbackId: string },
): string {
  const { dagId, runId, callbackId } = key;
  if (!isKey(dagId) || !isRunId(runId) || !/^[0-9a-f-]{36}$/.test(callbackId))
    throw new AppError('LOG_NOT_FOUND', 'There is no such log. Check the DAG, run and callback ids.');
  const root = resolve(logsFolder);
  const path = join(root, `dag_id=${dagId}`, `run_id=${runId}`, 'callbacks', `${callbackId}.log`);
  if (!path.startsWith(root + sep)) throw new AppError('LOG_NOT_FOUND', 'There is no such log.');
  return path;
}

/**
 * Returns `<logsFolder>/dag_id=…/run_id=…/task_id=…/[map_index=…/]attempt=<try>.log`.
 * Throws LOG_NOT_FOUND for ids that cannot be ours, so that no id ever becomes another path.
 */
export function logPath(logsFolder: string, key: LogKey): string {
  const { dagId, runId, taskId, mapIndex, tryNumber } = key;
  const valid = isKey(dagId) && isRunId(runId) && isKey(taskId) && Number.isInteger(mapIndex) && Number.isInteger(tryNumber);
  if (!valid || mapIndex < -1 || tryNumber < 0)
    throw new AppError('LOG_NOT_FOUND', 'There is no such log. Check the DAG, run and task ids, the map index and the try number.');
  const mapped = mapIndex >= 0 ? [`map_index=${mapIndex}`] : [];
  const root = resolve(logsFolder);
  const path = join(root, `dag_id=${dagId}`, `run_id=${runId}`, `task_id=${taskId}`, ...mapped, `attempt=${tryNumber}.log`);
  if (!path.startsWith(root + sep)) throw new AppError('LOG_NOT_FOUND', 'There is no such log.');
  return path;
}
