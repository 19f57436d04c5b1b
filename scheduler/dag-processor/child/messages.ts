/** What the processor and the caged children that import DAG files say to each other. */

import type { InstallationDefaults } from '#core/default-args.ts';

/** Processor -> child: import this module. */
export interface ImportRequest {
  readonly bundleFile: string;
  /** The author's file, for finding its frames in a stack. */
  readonly sourceFile: string;
  readonly defaults: InstallationDefaults;
}

/** Child -> processor, first: from now on it is the file that takes its time. */
export interface ImportReady {
  readonly type: 'ready';
}

/** Child -> processor, once. */
export type ImportAnswer =
  /** One JSON text a DAG: checked on arrival. */
  | { readonly type: 'dags'; readonly specs: readonly string[] }
  | { readonly type: 'error'; readonly name: string; readonly message: string; readonly stack: string };

/** What a file may print while it is imported, on both streams. */
export const OUTPUT_BYTES_MAX = 256 * 1024;
export const TOO_MUCH_OUTPUT = `the file printed more than ${OUTPUT_BYTES_MAX / 1024} KiB while it was imported; print in tasks, not at the top level`;

/** Processor -> child of many files. Modules and code are CommonJS. */
export type ToRealms = { readonly type: 'sdk'; readonly modules: Readonly<Record<string, string>> } | RealmRequest;

export interface RealmRequest {
  readonly type: 'file';
  readonly id: number;
  readonly code: string;
  /** Paths of the modules of the sdk that it may come to need, sent before. */
  readonly modules: readonly string[];
  /** Modules of Node that it or they import. */
  readonly builtins: readonly string[];
  readonly defaults: InstallationDefaults;
}

/** Child of many files -> processor. */
export type FromRealms = RealmBegins | RealmAnswer;

/** Once: the child has started and has the sdk; from now on it is files that take time. */
export interface RealmBegins {
  readonly type: 'begins';
}

/** Once a request and in their order. */
export interface RealmAnswer {
  readonly type: 'realm';
  readonly id: number;
  /** Null: only a process of its own can say. */
  readonly specs: readonly string[] | null;
  /** Why, for the log. */
  readonly wants: string | null;
}
