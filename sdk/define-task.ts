/** Reusable tasks: a schema of the inputs, a handler and options, wired by any DAG. */
import type { BlockKind } from '#core/block.ts';
import { AppError } from '#core/errors.ts';
import { isKey } from '#core/ids.ts';
import { TASK_DEFINITION } from './brands.ts';
import type { Ctx } from './context.ts';
import { type InferIn, type InferOut, isStandardSchema, type StandardSchemaV1 } from './standard-schema.ts';
import { readTaskSettings, TASK_OPTION_TABLE, type TaskOpts } from './task-options.ts';
import type { OptionTable } from './unknown-option.ts';

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
  /** Absent: a task of no such kind. */
  readonly block?: BlockKind;
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
  const { name = 'task' } = definition;
  return makeDefinition({ where: `defineTask "${name}"`, table: TASK_OPTION_TABLE }, { ...definition, name }) as TaskDef<InferIn<S>, Out>;
}

interface Making {
  /** What messages call it. */
  readonly where: string;
  readonly table: OptionTable;
  readonly block?: BlockKind;
}

/** The same for every kind of definition. Throws DAG_INVALID. */
export function makeDefinition(
  { where, table, block }: Making,
  { name, input, run, ...options }: { readonly name: string; readonly input: unknown; readonly run: unknown },
): TaskDef<unknown, unknown> {
  if (!isKey(name)) throw new AppError('DAG_INVALID', `${where}: the name must be of letters, digits and _ . -`);
  if (!isStandardSchema(input)) throw new AppError('DAG_INVALID', `${where} needs a schema: input: z.object({ ... }).`);
  if (typeof run !== 'function') throw new AppError('DAG_INVALID', `${where} needs a function: run: async (input, ctx) => ...`);
  readTaskSettings(where, [options], table);
  const made = { name, inputSchema: input, options, run, ...(block && { block }) };
  return Object.defineProperty(made, TASK_DEFINITION, { value: true }) as unknown as TaskDef<unknown, unknown>;
}
