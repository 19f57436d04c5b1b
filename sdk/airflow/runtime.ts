/** `getContext()` and `getClient()`: what a handler of Airflow's SDK reaches while it runs. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { AppError } from '#core/errors.ts';
import type { Connection, Ctx } from '../context.ts';
import type { JsonValue } from './types.ts';

export interface TaskContext {
  readonly dagId: string;
  readonly taskId: string;
  readonly runId: string;
  readonly tryNumber: number;
  readonly mapIndex: number;
  readonly signal: AbortSignal;
}

/** Ids default to those of the running task. */
export interface GetXComOpts {
  key: string;
  dagId?: string;
  runId?: string;
  taskId?: string;
  mapIndex?: number | null;
  includePriorDates?: boolean;
}

export interface SetXComOpts {
  key: string;
  value: JsonValue;
  dagId?: string;
  runId?: string;
  taskId?: string;
  mapIndex?: number | null;
}

export interface ConnectionResult {
  id: string;
  type: string;
  host?: string | null;
  schema?: string | null;
  login?: string | null;
  password?: string | null;
  port?: number | null;
  /** JSON text. */
  extra?: string | null;
}

export interface TaskClient {
  /** Null when there is none. */
  getVariable(key: string): Promise<string | null>;
  getVariableOrThrow(key: string): Promise<string>;
  /** Not available here: rejects in words. */
  setVariable(key: string, value: string, description?: string | null): Promise<void>;
  /** Not available here: rejects in words. */
  deleteVariable(key: string): Promise<void>;
  /** Null when there is none. */
  getXCom<T = unknown>(options: GetXComOpts): Promise<T | null>;
  setXCom(options: SetXComOpts): Promise<void>;
  /** Null when there is none. */
  getConnection(connId: string): Promise<ConnectionResult | null>;
  getConnectionOrThrow(connId: string): Promise<ConnectionResult>;
  /** Not available here: throws in words. */
  readonly taskStateStore: never;
}

export class VariableNotFoundError extends Error {
  readonly key: string;

  constructor(key: string) {
    super(`Variable not found: ${key}`);
    this.name = 'VariableNotFoundError';
    this.key = key;
  }
}

export class ConnectionNotFoundError extends Error {
  readonly connId: string;

  constructor(connId: string) {
    super(`Connection not found: ${connId}`);
    this.name = 'ConnectionNotFoundError';
    this.connId = connId;
  }
}

interface Running {
  readonly context: TaskContext;
  readonly client: TaskClient;
}

const running = new AsyncLocalStorage<Running>();

/** Metadata of the task that runs now. Throws outside of a handler. */
export function getContext(): TaskContext {
  return current('getContext').context;
}

/** Variables, connections and XComs for the task that runs now. Throws outside of a handler. */
export function getClient(): TaskClient {
  return current('getClient').client;
}

function current(name: string): Running {
  const found = running.getStore();
  if (found === undefined) throw new Error(`${name}() can only be called inside a task handler, while it runs.`);
  return found;
}

/** Runs a handler so that the two getters find the context. */
export function withRuntime<T>(ctx: Ctx<unknown>, run: () => T): T {
  return running.run({ context: contextOf(ctx), client: makeClient(ctx) }, run);
}

function contextOf({ run, task, signal }: Ctx<unknown>): TaskContext {
  return { dagId: run.dagId, taskId: task.id, runId: run.id, tryNumber: task.attempt, mapIndex: task.mapIndex, signal };
}

function makeClient(ctx: Ctx<unknown>): TaskClient {
  const own = { dagId: ctx.run.dagId, runId: ctx.run.id };
  const client: TaskClient = {
    getVariable: (key) => ctx.variable(key),
    async getVariableOrThrow(key) {
      const value = await ctx.variable(key);
      if (value === null) throw new VariableNotFoundError(key);
      return value;
    },
    setVariable: () => absent('setVariable', 'Set variables on the page, by the API or with `windlass variables`'),
    deleteVariable: () => absent('deleteVariable', 'Delete variables on the page, by the API or with `windlass variables`'),
    async getXCom<T>({ key, dagId, runId, taskId, mapIndex, includePriorDates }: GetXComOpts) {
      if ((dagId ?? own.dagId) !== own.dagId || (runId ?? own.runId) !== own.runId || includePriorDates)
        return absent('getXCom of another DAG or run', 'Only values of the same run can be pulled');
      if (typeof mapIndex === 'number' && mapIndex >= 0)
        return absent('getXCom of one map index', "Airflow's SDK has no mapped tasks, and so has none here");
      return ((await ctx.xcom.pull<T>(taskId ?? ctx.task.id, key)) ?? null) as T | null;
    },
    async setXCom({ key, value, dagId, runId, taskId }) {
      if ((dagId ?? own.dagId) !== own.dagId || (runId ?? own.runId) !== own.runId || (taskId ?? ctx.task.id) !== ctx.task.id)
        return absent('setXCom for another task', 'A task pushes its own values only');
      await ctx.xcom.push(key, value);
    },
    async getConnection(connId) {
      try {
        return connectionResult(await ctx.conn(connId));
      } catch (error) {
        if ((error as Partial<AppError>).code === 'CONNECTION_NOT_FOUND') return null;
        throw error;
      }
    },
    async getConnectionOrThrow(connId) {
      const found = await client.getConnection(connId);
      if (found === null) throw new ConnectionNotFoundError(connId);
      return found;
    },
    get taskStateStore(): never {
      throw new AppError('BAD_REQUEST', 'taskStateStore is not available in Windlass. Push an XCom, or use storage of your own.');
    },
  };
  return client;
}

function absent(what: string, hint: string): Promise<never> {
  return Promise.reject(new AppError('BAD_REQUEST', `${what} is not available in Windlass. ${hint}.`));
}

function connectionResult({ id, type, host, schema, login, password, port, extra }: Connection): ConnectionResult {
  return { id, type, host, schema, login, password, port, extra: Object.keys(extra).length === 0 ? null : JSON.stringify(extra) };
}
