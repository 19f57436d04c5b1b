/**
 * What a supervisor and a task process say to each other over IPC (Node's `advanced` serialisation is not
 * used: every message is JSON, checked on arrival by `core/validate-message.ts`). The child is a stranger:
 * the supervisor believes the first valid `result` and the exit, ignores and counts the rest.
 */

import type { AssetEmission, AssetUse } from './assets/asset-spec.ts';
import type { CallbackKind, CallbackReason } from './callbacks.ts';

import type { SyncOpening, SyncProgress, SyncResetDone } from './sync/sync-report.ts';
import type { Resumed, Waiter } from './waiting/waiter.ts';

/**
 * Raised with every change that the other end would misread. Both ends come from the same files, but those may be replaced
 * under a worker that runs: its next task process is a newer one then.
 */
export const TASK_PROTOCOL = 1;

/** Supervisor -> task process: load this bundle. The file is content-addressed and read-only. */
export interface LoadMessage {
  readonly type: 'load';
  readonly bundleFile: string;
  readonly bundleHash: string;
}

/** All a body may know of its run. Instants are ISO-8601 UTC. */
export interface AttemptContext {
  readonly attemptId: string;
  readonly dagId: string;
  readonly runId: string;
  readonly runType: string;
  readonly taskId: string;
  readonly mapIndex: number;
  /** How many instances its mapped task was expanded to; null = not mapped. */
  readonly mapLength?: number | null;
  readonly tryNumber: number;
  readonly maxTries: number;
  readonly logicalDate: string | null;
  readonly dataIntervalStart: string | null;
  readonly dataIntervalEnd: string | null;
  readonly runAfter: string;
  /** When the interval of the run after this one ends; null or absent = the schedule has no further run, or it is not known. */
  readonly nextIntervalEnd?: string | null;
  readonly params: unknown;
  /** When the sensor's first check of this try began; null for the first. */
  readonly firstStartedAt: string | null;
  readonly idempotencyKey: string;
  /** A folder shared by the tasks of this run. */
  readonly scratchFolder: string;
  /** What the body deferred for has come; absent in any other attempt. */
  readonly resumed?: Resumed;
  /** The instance's page. Absent from older supervisors. */
  readonly url?: string;
  /** The partition the run is for. Absent = none. */
  readonly partitionKey?: string;
  /** The events that made the run. Absent = it was not made by assets. */
  readonly triggeringAssetEvents?: readonly AssetEventRecord[];
  /** What is reported of syncs is written down. Absent = nobody would answer. */
  readonly hearsSyncs?: true;
}

/** One call of a callback: what happened, and where in the DAG file its code is. */
export interface CallbackCall {
  readonly kind: CallbackKind;
  /** on_deadline: which deadline of the DAG. */
  readonly slot: number;
  /** Place in the author's list. */
  readonly position: number;
  /** False = about the whole run. */
  readonly ofTask: boolean;
  readonly reason: CallbackReason;
  readonly message: string | null;
  readonly error: ErrorReport | null;
  readonly url: string;
  /** When it happened, ISO-8601. */
  readonly at: string;
  readonly deadline: { readonly name: string; readonly due: string } | null;
  readonly request: { readonly subject: string; readonly body: string | null; readonly options: readonly string[] } | null;
}

/** An event of an asset, as tasks see it. */
export interface AssetEventRecord {
  readonly id: number;
  readonly name: string;
  readonly uri: string;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly partitionKey: string | null;
  /** ISO-8601 UTC. */
  readonly timestamp: string;
  /** The task that made it; null = it came from elsewhere. */
  readonly source: { readonly dagId: string; readonly runId: string; readonly taskId: string; readonly mapIndex: number } | null;
}

/** Which events of an inlet a body asks for. */
export interface AssetEventQuery {
  readonly of: AssetUse;
  readonly after?: string;
  readonly before?: string;
  /** The newest (or, ascending, the oldest) this many. */
  readonly limit: number;
  readonly ascending: boolean;
  readonly partitionKey?: string;
  /** Only events whose extra contains this. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Supervisor -> task process: run this attempt. */
export interface RunMessage {
  readonly type: 'run';
  readonly context: AttemptContext;
  /**
   * Results by task id, encoded by `sdk/runtime/value-codec.ts` as the producer's child sent them. A task that
   * has none is absent. A mapped upstream's is a list in map order, without the instances that have none; to
   * an instance of the same map scope it is the result of its own map index.
   */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Not the body but one of its callbacks, or one of the run's (`taskId` is empty then), is to be called. */
  readonly callback?: CallbackCall;
  /** The longest list that this task may return to be mapped over; absent = the longest there may be. */
  readonly mapLengthMax?: number;
  /** For a mapped instance: what its item is made of. */
  readonly item?: ItemParts;
  /** It stands behind others in the process, and this is the number of its token. Absent = it begins when it comes. */
  readonly turn?: number;
  /** Behind others: its bundle, to be loaded when its turn comes. Absent = the one that was loaded before it came. */
  readonly bundle?: Omit<LoadMessage, 'type'>;
}

/** By the number of the list (`core/mapping/list-expression.ts`); what is written in the DAG file is in the bundle. */
export interface ItemParts {
  /** null = not known. */
  readonly lengths: readonly (number | null)[];
  /** Encoded. The one element of each list that the instance needs. */
  readonly values: Readonly<Record<number, unknown>>;
}

/** Supervisor -> task process: the answer to a `request`. */
export interface ReplyMessage {
  readonly type: 'reply';
  readonly requestId: number;
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Supervisor -> task process: stop, politely. SIGTERM and SIGKILL follow after the grace. */
export interface CancelMessage {
  readonly type: 'cancel';
  readonly reason: string;
}

export type ToTaskProcess = LoadMessage | RunMessage | ReplyMessage | CancelMessage;

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

export interface ReadyMessage {
  readonly type: 'ready';
  /** Hash of the bundle that is loaded, or null for a fresh process. */
  readonly bundleHash: string | null;
  /** TASK_PROTOCOL of the process. */
  readonly protocol: number;
}

export interface LogMessage {
  readonly type: 'log';
  readonly level: LogLevel;
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/** The newest run before this one that succeeded. ISO-8601 UTC. */
export interface EarlierRun {
  readonly dataIntervalStart: string | null;
  readonly dataIntervalEnd: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

/** Where to look for an XCom, if not in all instances of a task of this run. */
export interface XcomPlace {
  readonly mapIndexes?: readonly number[];
  /** The newest value of this run and of those before it, by logical date. */
  readonly includePriorDates?: boolean;
  readonly dagId?: string;
  /** Default: the run of this id, also in another DAG. */
  readonly runId?: string;
}

/** What the process may ask for. The supervisor decides whether this attempt may see it. */
export type RequestBody =
  | { readonly what: 'connection'; readonly id: string }
  | { readonly what: 'variable'; readonly key: string }
  | { readonly what: 'xcom_push'; readonly key: string; readonly value: unknown }
  /** Start a run of another DAG; answered with `{dagId, runId, how}`. */
  | {
      readonly what: 'trigger_run';
      readonly dagId: string;
      /** Null = one is made, the same for every attempt of a try. */
      readonly runId: string | null;
      readonly conf: Readonly<Record<string, unknown>>;
      readonly logicalDate: string | null;
      readonly note: string | null;
      readonly resetDagRun: boolean;
      readonly skipWhenAlreadyExists: boolean;
      readonly failWhenDagIsPaused: boolean;
    }
  /** What a run that this task has triggered returned. */
  | { readonly what: 'run_output'; readonly dagId: string; readonly runId: string }
  | ({ readonly what: 'xcom_pull'; readonly taskId: string; readonly key: string } & XcomPlace)
  | { readonly what: 'earlier_success' }
  /** What the template fields came to: name -> text. */
  | { readonly what: 'rendered_fields'; readonly fields: Readonly<Record<string, string>> }
  | { readonly what: 'state_get' | 'state_delete'; readonly key: string }
  | { readonly what: 'state_set'; readonly key: string; readonly value: unknown }
  | { readonly what: 'asset_events'; readonly query: AssetEventQuery }
  /** The columns that an outlet had when it was written last, or null. */
  | { readonly what: 'asset_columns'; readonly of: AssetUse }
  /** A sync begins; answered with SyncOpened. */
  | ({ readonly what: 'sync_open' } & SyncOpening)
  | ({ readonly what: 'sync_reset_done' } & SyncResetDone)
  | ({ readonly what: 'sync_progress' } & SyncProgress);

export interface RequestMessage {
  readonly type: 'request';
  readonly requestId: number;
  readonly body: RequestBody;
}

export interface HeartbeatMessage {
  readonly type: 'heartbeat';
  readonly progress: { readonly done: number; readonly total: number; readonly note?: string } | null;
}

export interface ErrorReport {
  readonly name: string;
  readonly message: string;
  /** Source-mapped. */
  readonly stack: string;
}

/** What one in-line check found. */
export interface CheckResult {
  readonly name: string;
  readonly passed: boolean;
  readonly message: string | null;
}

/** How the body ended. `retryable: false` means no retry will help (`Fatal`). */
export type BodyResult =
  | {
      readonly outcome: 'success';
      readonly value: unknown;
      /** Bytes of the JSON text of `value`. */
      readonly bytes: number;
      /** branch and gate: the direct downstream tasks that may run; null = all. */
      readonly followed: readonly string[] | null;
      /** Lengths of the lists that are mapped over, by scope id. */
      readonly mapLengths: Readonly<Record<string, number>>;
      readonly checks: readonly CheckResult[];
      /** What the UI calls this instance of a mapped task. */
      readonly mapLabel?: string;
      /** What the body said of its outlets. */
      readonly assets?: readonly AssetEmission[];
    }
  | { readonly outcome: 'skipped'; readonly reason: string }
  | {
      readonly outcome: 'failed';
      readonly error: ErrorReport;
      readonly retryable: boolean;
      readonly retryAfterMs: number | null;
      /** Of a body whose result was checked. */
      readonly checks?: readonly CheckResult[];
    }
  | { readonly outcome: 'defer'; readonly waiter: Waiter }
  | { readonly outcome: 'reschedule'; readonly afterMs: number; readonly note: string | null };

export interface ResultMessage {
  readonly type: 'result';
  /** Of the context it was given: a body that goes on after its result cannot end the next attempt. */
  readonly attemptId: string;
  readonly result: BodyResult;
  /** The process ends after this: it must not be used again. */
  readonly ends?: true;
  /** Something is left of its DAG file: attempts of others do not begin here. Absent = they may, or nobody has looked. */
  readonly stays?: true;
  /** How long the body ran by the process's own clock, ms. A hint for batching; absent = not measured. */
  readonly ranMs?: number;
  /** Of those that stand behind it, the one that begins now. Absent = none does: the supervisor looks first at what this one left. */
  readonly next?: number;
}

export type FromTaskProcess = ReadyMessage | LogMessage | RequestMessage | HeartbeatMessage | ResultMessage;
