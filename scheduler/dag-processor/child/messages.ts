/** What the processor and the caged child that imports a DAG file say to each other. */

import type { InstallationDefaults } from '#core/default-args.ts';

/** Processor -> child: import this module. */
export interface ImportRequest {
  readonly bundleFile: string;
  /** The author's file, for finding its frames in a stack. */
  readonly sourceFile: string;
  readonly defaults: InstallationDefaults;
}

/** Child -> processor, once. */
export type ImportAnswer =
  /** One JSON text a DAG: checked on arrival. */
  | { readonly type: 'dags'; readonly specs: readonly string[] }
  | { readonly type: 'error'; readonly name: string; readonly message: string; readonly stack: string };
