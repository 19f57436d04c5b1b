/** Files, servers, databases and other DAGs to wait for without a worker. Any text may be a template; any may be wired. */
import { type Duration, parseDuration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import type { DagRunState, TaskInstanceState } from '#core/states.ts';
import type { Ref } from './ref.ts';
import { makeWait, type Wait } from './waits.ts';

type Text = string | Ref<string>;

/**
 * Until there is a file on the triggerer's machine: a path, or a glob ("in/*.csv"). A folder counts when it holds a
 * file (`recursive`: anywhere below it). The result is the path. `gone`: until there is none.
 */
export function waitForFile(path: Text, options: { recursive?: boolean; gone?: boolean } = {}): Wait<string> {
  return makeWait({ kind: 'file', args: defined({ path, recursive: options.recursive, gone: options.gone }), everyMs: null });
}

export interface HttpWaitOptions {
  /** The whole address … */
  url?: Text;
  /** … or a connection with its host, login and headers, and a path on it. */
  connection?: string;
  path?: Text;
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: unknown;
  /** Any of these; default 200 to 299. */
  status?: number | readonly number[];
  /** What the JSON has to say, by dotted path: `{ 'job.state': 'done' }`; a list is any of several. */
  json?: Readonly<Record<string, unknown>>;
  requestTimeout?: Duration;
}

/** Until a server answers as wanted. */
export function waitForHttp(options: HttpWaitOptions): Wait<{ status: number; body: unknown }> {
  const { status, requestTimeout, ...rest } = options;
  if (options.url === undefined && options.connection === undefined)
    throw new AppError('DAG_INVALID', 'waitForHttp needs a url, or a connection.');
  const args = defined({
    ...rest,
    status: typeof status === 'number' ? [status] : status,
    requestTimeoutMs: requestTimeout === undefined ? undefined : (parseDuration(requestTimeout) ?? undefined),
  });
  return makeWait({ kind: 'http', args, everyMs: null });
}

export interface SqlWaitOptions {
  /** Id of a connection; Postgres for now. Its password never reaches your code. */
  connection: string;
  /** Run in a read-only transaction. A first row whose first column is not null, false, 0, "" or "0" is what is waited for. */
  sql: Text;
  values?: readonly unknown[];
  /** No row at all fails the try. */
  failOnEmpty?: boolean;
}

/** Until a query gives a row; the result is that row. */
export function waitForSql(options: SqlWaitOptions): Wait<Readonly<Record<string, unknown>>> {
  return makeWait({ kind: 'sql', args: defined({ ...options }), everyMs: null });
}

export interface ExternalTaskOptions {
  dagId: string;
  /** A task, several, or a group; none = the whole run. */
  taskId?: string;
  taskIds?: readonly string[];
  groupId?: string;
  /** Default: success. */
  allowedStates?: readonly (TaskInstanceState | DagRunState)[];
  /** One of these skips the task. */
  skippedStates?: readonly (TaskInstanceState | DagRunState)[];
  /** One of these fails the try. */
  failedStates?: readonly (TaskInstanceState | DagRunState)[];
  /** How much older the other run's logical date is than this one's; default: the same. */
  delta?: Duration;
  /** Exactly these runs of the other DAG instead: their logical dates. */
  logicalDates?: readonly (Date | string)[];
  /** No such DAG or task fails the try at once, instead of waiting for it to appear. */
  checkExistence?: boolean;
}

/** Until a task of another DAG (or its whole run) of the same logical date has ended well. */
export function externalTask(options: ExternalTaskOptions): Wait<null> {
  const { dagId, taskId, taskIds, groupId, delta, logicalDates, checkExistence } = options;
  const where = `externalTask({ dagId: ${JSON.stringify(dagId)} })`;
  if ([taskId, taskIds, groupId].filter((one) => one !== undefined).length > 1)
    throw new AppError('DAG_INVALID', `${where} takes one of taskId, taskIds and groupId, or none for the whole run.`);
  const deltaMs = delta === undefined ? undefined : parseDuration(delta);
  if (deltaMs === null) throw new AppError('DAG_INVALID', `${where}: delta must be a duration like "1h".`);
  if (deltaMs !== undefined && logicalDates !== undefined)
    throw new AppError('DAG_INVALID', `${where} takes delta or logicalDates, not both.`);
  const { allowedStates = ['success'], skippedStates = [], failedStates = [] } = options;
  const twice = allowedStates.find((state) => failedStates.includes(state) || skippedStates.includes(state));
  if (twice !== undefined)
    throw new AppError('DAG_INVALID', `${where}: ${twice} is among allowedStates and among failedStates or skippedStates.`);
  const args = defined({
    dagId,
    taskIds: taskId === undefined ? taskIds : [taskId],
    groupId,
    deltaMs,
    logicalDates: logicalDates?.map((date) => (date instanceof Date ? date.toISOString() : date)),
    allowedStates,
    skippedStates,
    failedStates,
    checkExistence,
  });
  return makeWait({ kind: 'external_task', args, everyMs: null });
}

function defined(args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
}
