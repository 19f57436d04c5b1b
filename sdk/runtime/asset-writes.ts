/**
 * How the writers of providers tell the task they run in what they are about to publish, and what they have published. Outside of a
 * task, or in one without outlets, nobody listens and nothing is done.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { AssetColumn, AssetSample, ColumnLineage, VersionFacts } from '#core/assets/asset-version.ts';
import type { Place } from './known-places.ts';

/** A place and the columns it is about to have. */
export interface Publication {
  /** `file:///lake/x.parquet`, `postgres://host:5432/database/schema/table`, `gs://bucket/key`, … */
  readonly uri: string;
  /** Names by which an asset may call the same place, such as the id of the connection: `postgres://warehouse/public/orders`. */
  readonly alsoKnownAs?: readonly string[];
  readonly columns: readonly AssetColumn[];
}

export interface Written extends VersionFacts {
  readonly uri: string;
  readonly alsoKnownAs?: readonly string[];
  /** Adds to what is there, as appending does. Default: it replaces what was written to the same place. */
  readonly adds?: boolean;
  /** The first rows; asked for when an asset of the task keeps a preview. */
  readonly firstRows?: (rows: number) => AssetSample;
  /** How many nulls there are in each column. */
  readonly nulls?: Readonly<Record<string, number>>;
  /** It was made of what was written to these places, as it was there: what is known of them holds, too. */
  readonly sameAs?: readonly string[];
}

/** The frames of this task are read by tasks that write assets, as far as it is known. */
export interface FrameTrace {
  /** `frame://<DAG>/<task>`. */
  readonly name: string;
  readonly taskId: string;
}

export interface WriteListener {
  /** Whether what is written is told of an asset of this task. */
  readonly isListening: boolean;
  /** Null: nobody asks where the columns of frames come from. */
  readonly trace: FrameTrace | null;
  /** A file that was brought here: what is read from it is read from there. */
  fetched(from: string, to: string): void;
  /** What the DAG calls the asset at a place; null = it names none. */
  assetAt(place: Place): string | null;
  /** As the DAG calls places, without what nobody knows. */
  settle(lineage: ColumnLineage): ColumnLineage | null;
  /** Rejects when the policy of the asset says so. */
  beforePublish(publication: Publication): Promise<void>;
  written(written: Written): void;
  /** The columns of what was written to a place before; null = not known. */
  columnsAt(uri: string): readonly AssetColumn[] | null;
  copied(from: string, to: string): void;
}

/** Every DAG version brings its own copy of this module; the process has one storage. A worker that is older than the DAG's knows less. */
const STORAGE = Symbol.for('windlass.asset-writes');

const NOBODY: WriteListener = {
  isListening: false,
  trace: null,
  fetched: () => undefined,
  assetAt: () => null,
  settle: () => null,
  beforePublish: async () => undefined,
  written: () => undefined,
  columnsAt: () => null,
  copied: () => undefined,
};

type Storage = AsyncLocalStorage<WriteListener>;
const shared = globalThis as { [STORAGE]?: Storage };

function storage(): Storage {
  shared[STORAGE] ??= new AsyncLocalStorage<WriteListener>();
  return shared[STORAGE];
}

export function withWriteListener<T>(listener: WriteListener, run: () => T): T {
  return storage().run(listener, run);
}

/** Whether anybody listens: what costs something to find out need not be found out otherwise. */
export function isReporting(): boolean {
  const listener = shared[STORAGE]?.getStore();
  return listener !== undefined && listener.isListening !== false;
}

/** Whether anybody wants to know where the columns of a frame come from. */
export function isTracing(): boolean {
  return traceOfTask() !== null;
}

export function traceOfTask(): FrameTrace | null {
  return shared[STORAGE]?.getStore()?.trace ?? null;
}

/** What the DAG calls the asset at a place; null = it names none, or nobody listens. */
export function assetAt(place: Place): string | null {
  return shared[STORAGE]?.getStore()?.assetAt?.(place) ?? null;
}

export function settleLineage(lineage: ColumnLineage): ColumnLineage | null {
  return shared[STORAGE]?.getStore()?.settle?.(lineage) ?? null;
}

/** To be called with everything written and nothing visible: rejects when these columns may not be published. */
export async function beforePublish(publication: Publication): Promise<void> {
  await shared[STORAGE]?.getStore()?.beforePublish(publication);
}

/** To be called once what was written is visible. */
export function reportWritten(written: Written): void {
  shared[STORAGE]?.getStore()?.written(written);
}

/** The same for a file that this task has written and that is about to be sent elsewhere. */
export async function beforeCopy(from: string, to: string): Promise<void> {
  const listener = shared[STORAGE]?.getStore();
  const columns = listener?.columnsAt(from);
  if (columns) await listener?.beforePublish({ uri: to, columns });
}

/** What was written to `from` is at `to` now, too. */
export function reportCopied(from: string, to: string): void {
  shared[STORAGE]?.getStore()?.copied(from, to);
}

/** What was at `from` is in the file `to` now. */
export function reportFetched(from: string, to: string): void {
  shared[STORAGE]?.getStore()?.fetched?.(from, to);
}

/** Runs a step whose files are nobody's asset, such as a staging file of a larger writing. */
export function withoutReporting<T>(run: () => T): T {
  return storage().run(NOBODY, run);
}
