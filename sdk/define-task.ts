/** Reusable tasks: a schema of the inputs, a handler and options, wired by any DAG. */
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import { TASK_DEFINITION } from './brands.ts';
import type { Ctx } from './context.ts';
import { type InferIn, type InferOut, isStandardSchema, type StandardSchemaV1 } from './standard-schema.ts';
import { readTaskSettings, TASK_OPTION_TABLE, type TaskOpts } from './task-options.ts';

declare const INPUT: unique symbol;
declare const OUTPUT: unique symbol;

// biome-ignore-start lint/suspicious/noExplicitAny: a definition serves DAGs with different params
export interface TaskDef<In, Out> {
  readonly [INPUT]: In;
  readonly [OUTPUT]: Out;
  /** What the UI calls it. */
  readonly name: string;
  readonly inputSchema: StandardSchemaV1;
  readonly options: TaskOpts;
  /** The plain function, for tests: not validated. */
  run(input: In, ctx: Ctx<any>): Promise<Out> | Out;
}

export interface TaskDefOptions<S extends StandardSchemaV1, Out> extends TaskOpts<Out> {
  /** Shown as the operator in the UI; default "task". */
  name?: string;
  /** Checked at run time, just before `run`. */
  input: S;
  /** Inputs that are templates; a call may choose others, or none with []. */
  templateFields?: readonly (keyof InferIn<S> & string)[];
  run: (input: InferOut<S>, ctx: Ctx<any>) => Out | Promise<Out>;
}
// biome-ignore-end lint/suspicious/noExplicitAny: as above

/** Throws DAG_INVALID on a missing schema or handler, or an unknown option. */
export function defineTask<S extends StandardSchemaV1, Out>(definition: TaskDefOptions<S, Out>): TaskDef<InferIn<S>, Out> {
  const { name = 'task', input, run, ...options } = definition;
  const where = `defineTask "${name}"`;
  if (!isKey(name)) throw new AppError('DAG_INVALID', `${where}: the name must be of letters, digits and _ . -`);
  if (!isStandardSchema(input)) throw new AppError('DAG_INVALID', `${where} needs a schema: input: z.object({ ... }).`);
  if (typeof run !== 'function') throw new AppError('DAG_INVALID', `${where} needs a function: run: async (input, ctx) => ...`);
  readTaskSettings(where, [options], TASK_OPTION_TABLE);
  const made = { name, inputSchema: input, options, run };
  return Object.defineProperty(made, TASK_DEFINITION, { value: true }) as unknown as TaskDef<InferIn<S>, Out>;
}
