/** What a body may ask for, answered in this process: connections and variables as a worker would find them. */
import { AppError } from '#core/errors.ts';
import type { BodyResult, LogLevel, RequestBody, RunMessage } from '#core/task-protocol.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { type Database, openDatabase } from '#platform/db/client.ts';
import type { Logger } from '#platform/logger.ts';
import { type Connection, connectionVariable, parseConnection } from '#platform/secrets/connection.ts';
import { defaultGoogleConnection, withGoogleKey } from '#platform/secrets/google-credentials.ts';
import { openSecretStore, requireConnection, type SecretStore } from '#platform/secrets/secret-store.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { runCallback } from '#sdk/runtime/run-callback.ts';
import { runTask } from '#sdk/runtime/run-task.ts';
import type { TaskHost } from '#sdk/runtime/task-host.ts';
import { LocalAssets } from './local-assets.ts';

export interface LocalHostOptions {
  readonly dag: DagDefinition;
  readonly config: Config;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly onLog: (taskId: string, level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;
}

export class LocalHost {
  readonly #options: LocalHostOptions;
  /** `<task>, <key>` -> map index -> value. */
  readonly #xcoms = new Map<string, Map<number, unknown>>();
  readonly #states = new Map<string, unknown>();
  readonly #assets = new LocalAssets();
  #db: Database | undefined;
  #store: SecretStore | undefined;

  constructor(options: LocalHostOptions) {
    this.#options = options;
  }

  /** Never rejects. A body that outlives its timeout is left behind: only its process could end it. */
  async runBody(message: RunMessage, timeoutMs: number | null): Promise<BodyResult> {
    const { dag, clock, onLog } = this.#options;
    const { taskId } = message.context;
    const cancelled = new AbortController();
    const host: TaskHost = {
      log: (level, text, fields) => onLog(taskId, level, text, fields),
      request: (body) => this.#answer(message, body),
      heartbeat: (progress) => {
        if (progress !== null) onLog(taskId, 'debug', `${progress.done} of ${progress.total}${progress.note ? `: ${progress.note}` : ''}`);
      },
      signal: cancelled.signal,
    };
    if (message.callback) return runCallback(dag, message, message.callback, host);
    const body = runTask(dag, message, host).then((result) => {
      if (result.outcome === 'success') {
        this.#keep(message, 'return_value', result.value);
        for (const words of this.#assets.succeeded(message.context, dag.tasks.get(taskId), result)) onLog(taskId, 'info', words);
      }
      return result;
    });
    if (timeoutMs === null) return body;
    const ended = new AbortController();
    const timeout = clock.sleep(timeoutMs, ended.signal).then((): BodyResult => {
      if (!ended.signal.aborted) cancelled.abort();
      const error = { name: 'TaskTimeout', message: `the task took longer than its executionTimeout of ${timeoutMs} ms`, stack: '' };
      return { outcome: 'failed', error, retryable: true, retryAfterMs: null };
    });
    const result = await Promise.race([body, timeout]);
    ended.abort();
    return result;
  }

  async close(): Promise<void> {
    await this.#db?.close();
  }

  async #answer(message: RunMessage, body: RequestBody): Promise<unknown> {
    switch (body.what) {
      case 'connection':
        return this.#connection(body.id);
      case 'variable':
        return this.#variable(body.key);
      case 'xcom_push':
        this.#keep(message, body.key, body.value);
        return null;
      case 'trigger_run':
        return this.#trigger(message, body);
      case 'run_output':
        throw new AppError('NOT_FOUND', 'dags test runs one DAG: there is no output of another.');
      case 'xcom_pull':
        return this.#pull(message, body);
      case 'earlier_success':
      case 'rendered_fields':
        // There is no earlier run here, and the log shows what was rendered.
        return null;
      case 'state_get':
        return this.#states.get(stateKey(message, body.key)) ?? null;
      case 'state_set':
        this.#states.set(stateKey(message, body.key), body.value);
        return null;
      case 'state_delete':
        this.#states.delete(stateKey(message, body.key));
        return null;
      case 'asset_events':
        return this.#assets.events(body.query);
      case 'asset_columns':
        // What is tested here is compared with nothing that was written before.
        return null;
      case 'sync_open':
      case 'sync_progress':
      case 'sync_reset_done':
        // Nobody says here that they are heard.
        throw new AppError('BAD_REQUEST', 'dags test writes nothing down of syncs.');
    }
  }

  /** Nothing is started here; that it would be is told. */
  #trigger({ context }: RunMessage, { dagId, conf, runId }: Extract<RequestBody, { what: 'trigger_run' }>): unknown {
    this.#options.onLog(context.taskId, 'info', `dags test starts no other DAG; this would be a run of ${dagId}`, { params: conf });
    return { dagId, runId: runId ?? `triggered__${context.runId}`, how: 'made' };
  }

  #keep(message: RunMessage, key: string, value: unknown): void {
    const { taskId, mapIndex } = message.context;
    const values = this.#xcoms.get(xcomKey(taskId, key)) ?? new Map<number, unknown>();
    this.#xcoms.set(xcomKey(taskId, key), values.set(mapIndex, value));
  }

  /** A mapped task's values are a list in map order. There are no other runs here. */
  #pull({ context }: RunMessage, { taskId, key, mapIndexes, dagId, runId }: Extract<RequestBody, { what: 'xcom_pull' }>): unknown {
    if ((dagId ?? context.dagId) !== context.dagId || (runId ?? context.runId) !== context.runId) return undefined;
    const values = this.#xcoms.get(xcomKey(taskId, key));
    if (values === undefined) return undefined;
    if (mapIndexes?.length === 1) return values.get(mapIndexes[0] as number);
    if (values.has(-1)) return values.get(-1);
    const wanted = [...values].filter(([index]) => mapIndexes === undefined || mapIndexes.includes(index));
    return wanted.sort(([a], [b]) => a - b).map(([, value]) => value);
  }

  /** For waits: connections as a triggerer would find them. */
  get secrets(): Pick<SecretStore, 'connection'> {
    return { connection: (id) => this.#connection(id) };
  }

  async #connection(id: string): Promise<Connection> {
    const { config } = this.#options;
    const given = config.connections.get(id.replace(/[^A-Za-z0-9]/g, '_').toLowerCase());
    const googleKey = config.googleCredentials.reveal();
    if (given !== undefined) return withGoogleKey(parseConnection(id, given.reveal()), googleKey);
    if (config.databaseUrl.isSet) return requireConnection(this.#openStore(), id);
    const ofGoogle = await defaultGoogleConnection(id, googleKey);
    if (ofGoogle !== null) return withGoogleKey(ofGoogle, googleKey);
    throw new AppError(
      'CONNECTION_NOT_FOUND',
      `There is no connection ${JSON.stringify(id)} here: no Windlass runs in this project, and DATABASE_URL is empty. Set ${connectionVariable(id)}, or start Windlass first (npm start).`,
    );
  }

  async #variable(key: string): Promise<unknown> {
    const { config } = this.#options;
    const given = config.variables.get(key.replace(/[^A-Za-z0-9]/g, '_').toLowerCase());
    if (given !== undefined) return given;
    return config.databaseUrl.isSet ? this.#openStore().variable(key) : null;
  }

  #openStore(): SecretStore {
    const { config, logger } = this.#options;
    this.#db ??= openDatabase({ url: config.databaseUrl.reveal(), applicationName: 'cli:dags-test', logger, maxConnections: 2 });
    this.#store ??= openSecretStore({ config, db: this.#db });
    return this.#store;
  }
}

function xcomKey(taskId: string, key: string): string {
  return JSON.stringify([taskId, key]);
}

function stateKey({ context }: RunMessage, key: string): string {
  return JSON.stringify([context.taskId, context.mapIndex, key]);
}
