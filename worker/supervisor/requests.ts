/** Answers what a task process asks for: connections, variables and XComs, for its own attempt only. */

import { AppError, isAppError } from '#core/errors.ts';
import type { ReplyMessage, RequestBody, RequestMessage } from '#core/task-protocol.ts';
import type { Broker } from '#platform/broker/broker.ts';
import type { Clock } from '#platform/clock.ts';
import type { Database, Queryable } from '#platform/db/client.ts';
import type { Claimed } from '#platform/db/queries/claim-task-instances.ts';
import { findEarlierSuccess } from '#platform/db/queries/find-earlier-success.ts';
import { type FoundXcom, findXcom } from '#platform/db/queries/find-xcom.ts';
import type { Finish } from '#platform/db/queries/finish-attempts.ts';
import { saveRenderedFields } from '#platform/db/queries/rendered-fields.ts';
import { findTaskState, STATES_MAX, type StateHolder, saveTaskState } from '#platform/db/queries/task-state.ts';
import { isSensitiveKey, type Masker } from '#platform/mask.ts';
import type { Connection } from '#platform/secrets/connection.ts';
import { requireConnection, type SecretStore } from '#platform/secrets/secret-store.ts';
import type { LargeValues } from '#platform/xcom/large-values.ts';
import type { TaskPlan } from '../version-cache.ts';
import type { FrameStore } from './frame-store.ts';
import { listInletEvents } from './inlet-events.ts';
import { readOutletColumns } from './outlet-columns.ts';
import { readRunOutput } from './run-output.ts';
import { answerSync, type SyncingTask } from './sync-requests.ts';
import { type TriggeringTask, triggerRun } from './trigger-run.ts';

export interface RequestDeps {
  readonly db: Queryable;
  readonly secrets: SecretStore;
  readonly masker: Masker;
  readonly xcomMaxBytes: number;
  readonly large: LargeValues;
  readonly frames: FrameStore;
  /** For tasks that trigger runs; absent where none do. */
  readonly runs?: { readonly db: Database; readonly broker: Broker; readonly clock: Clock };
}

/** A callback has no lease. */
type Requester = Pick<Claimed, 'dagRunId' | 'dagId' | 'runId'> & Partial<Pick<Claimed, 'taskInstanceId' | 'leaseEpoch'>>;

/** Values one attempt may push beside its result. */
const PUSHES_MAX = 100;
/** Questions of one attempt that wait for an answer. */
const OPEN_MAX = 100;

export class RequestDesk {
  readonly #deps: RequestDeps;
  readonly #claimed: Requester;
  readonly #plan: Pick<TaskPlan, 'tasks'> & Partial<Pick<TaskPlan, 'task'>>;
  readonly #pushed = new Map<string, Finish['extraXcoms'][number]>();
  #open = 0;

  constructor(deps: RequestDeps, claimed: Requester, plan: Pick<TaskPlan, 'tasks'> & Partial<Pick<TaskPlan, 'task'>>) {
    this.#deps = deps;
    this.#claimed = claimed;
    this.#plan = plan;
  }

  /** What was pushed with ctx.xcom.push; stored with the finish. */
  get pushed(): Finish['extraXcoms'] {
    return [...this.#pushed.values()];
  }

  /** Questions whose answer the body did not wait for. */
  get open(): number {
    return this.#open;
  }

  /** Never throws: a failure is part of the answer. */
  async answer({ requestId, body }: RequestMessage): Promise<ReplyMessage> {
    this.#open += 1;
    try {
      if (this.#open > OPEN_MAX)
        throw new AppError('TOO_MANY_REQUESTS', `More than ${OPEN_MAX} requests at once. Await each before the next.`);
      return { type: 'reply', requestId, value: await this.#answer(body) };
    } catch (error) {
      const known = isAppError(error);
      const message = known ? error.message : 'Windlass could not answer: its database or secret store failed. Try again.';
      return { type: 'reply', requestId, error: { code: known ? error.code : 'INTERNAL', message } };
    } finally {
      this.#open -= 1;
    }
  }

  async #answer(body: RequestBody): Promise<unknown> {
    switch (body.what) {
      case 'connection':
        return this.#connection(body.id);
      case 'variable':
        return this.#variable(body.key);
      case 'xcom_push':
        return this.#push(body.key, body.value);
      case 'trigger_run':
      case 'run_output':
        return this.#runs(body);
      case 'xcom_pull':
        return this.#pull(body);
      case 'earlier_success':
        return findEarlierSuccess(this.#deps.db, this.#claimed.dagRunId);
      case 'rendered_fields':
        return this.#saveRendered(body.fields);
      case 'state_get':
        return (await findTaskState(this.#deps.db, this.#holder(), body.key)) ?? null;
      case 'state_delete':
        return this.#setState(body.key, undefined);
      case 'state_set':
        return this.#setState(body.key, body.value);
      case 'asset_events':
        return listInletEvents(this.#deps.db, this.#plan.task, body.query);
      case 'asset_columns':
        return readOutletColumns(this.#deps.db, this.#plan.task, body.of);
      case 'sync_open':
      case 'sync_progress':
      case 'sync_reset_done':
        return answerSync(this.#deps, this.#claimed as Partial<SyncingTask>, body);
    }
  }

  async #runs(body: Extract<RequestBody, { what: 'trigger_run' | 'run_output' }>): Promise<unknown> {
    const { runs } = this.#deps;
    const task = this.#claimed as Partial<TriggeringTask>;
    if (!runs || task.taskInstanceId === undefined) throw new AppError('BAD_REQUEST', 'Only a task can trigger runs.');
    if (body.what === 'run_output') return readRunOutput(runs.db, task.taskInstanceId, body);
    return triggerRun({ ...runs, nowMs: runs.clock.now() }, task as TriggeringTask, body);
  }

  async #connection(id: string): Promise<Connection> {
    const connection = await requireConnection(this.#deps.secrets, id);
    this.#deps.masker.add(connection.password, ...sensitiveStrings(connection.extra));
    return connection;
  }

  async #variable(key: string): Promise<string | null> {
    const value = await this.#deps.secrets.variable(key);
    if (isSensitiveKey(key)) this.#deps.masker.add(value);
    return value;
  }

  #push(key: string, value: unknown): null {
    if (key === 'return_value')
      throw new AppError('BAD_REQUEST', 'The key "return_value" is the result of the task. Return the value instead.');
    if (!this.#pushed.has(key) && this.#pushed.size >= PUSHES_MAX)
      throw new AppError('BAD_REQUEST', `A task may push at most ${PUSHES_MAX} values. Push one object instead of many values.`);
    const valueJson = JSON.stringify(value ?? null);
    const bytes = Buffer.byteLength(valueJson);
    if (bytes > this.#deps.xcomMaxBytes)
      throw new AppError(
        'XCOM_TOO_LARGE',
        `The value of ${JSON.stringify(key)} has ${bytes} bytes; the limit is ${this.#deps.xcomMaxBytes}. Write it to a file or a store and push where it is.`,
      );
    this.#pushed.set(key, { key, valueJson, bytes });
    return null;
  }

  /** A mapped task's values are a list in map order; one index asked for gives its value alone. */
  async #pull({ taskId, key, ...place }: Extract<RequestBody, { what: 'xcom_pull' }>): Promise<unknown> {
    if (place.dagId === undefined && !this.#plan.tasks.has(taskId))
      throw new AppError('NOT_FOUND', `This DAG has no task ${JSON.stringify(taskId)} to pull from.`);
    const rows = await findXcom(this.#deps.db, { dagRunId: this.#claimed.dagRunId, taskId, key, ...place });
    const single = place.mapIndexes?.length === 1 ? rows[0] : rows.find((row) => row.mapIndex === -1);
    const { large, frames } = this.#deps;
    const read = async (row: FoundXcom) => frames.bring(row.ref === null ? row.value : await large.get(row.ref), this.#claimed);
    if (single) return read(single);
    return rows.length === 0 ? undefined : Promise.all(rows.map(read));
  }

  /** Written at once, so that it is there whatever becomes of this try. */
  async #setState(key: string, value: unknown): Promise<null> {
    const valueJson = value === undefined ? null : JSON.stringify(value);
    const bytes = Buffer.byteLength(valueJson ?? '');
    const { xcomMaxBytes } = this.#deps;
    if (bytes > xcomMaxBytes)
      throw new AppError(
        'XCOM_TOO_LARGE',
        `The state ${JSON.stringify(key)} has ${bytes} bytes; the limit is ${xcomMaxBytes}. Keep it in a store.`,
      );
    const written = await saveTaskState(this.#deps.db, this.#holder(), { key, valueJson, bytes });
    if (written === 'too_many')
      throw new AppError('BAD_REQUEST', `A task may keep at most ${STATES_MAX} states. Put them into one object.`);
    if (written === 'lost') throw new AppError('CONFLICT', 'The attempt has lost its lease: its state is not written.');
    return null;
  }

  /** Masked: a secret may have come out of a template in another form than it went in. */
  async #saveRendered(fields: Readonly<Record<string, string>>): Promise<null> {
    const masked = Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, this.#deps.masker.mask(text)]));
    await saveRenderedFields(this.#deps.db, this.#holder(), masked);
    return null;
  }

  #holder(): StateHolder {
    const { taskInstanceId, leaseEpoch } = this.#claimed;
    if (taskInstanceId === undefined || leaseEpoch === undefined)
      throw new AppError('BAD_REQUEST', 'A callback has no state: only the body of a task does.');
    return { taskInstanceId, leaseEpoch };
  }
}

/** Strings under keys that say what they are ("api_key", "private_key", …), at any depth. */
function sensitiveStrings(value: unknown, underSensitiveKey = false): string[] {
  if (typeof value === 'string') return underSensitiveKey ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => sensitiveStrings(item, underSensitiveKey || isSensitiveKey(key)));
}
