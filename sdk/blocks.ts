/** Blocks: reusable tasks that say what they are for. A file of blocks is imported by as many DAGs as like to. */
import type { BlockKind } from '#core/block.ts';
import { AppError } from '#core/errors.ts';
import type { Ctx } from './context.ts';
import { makeDefinition, type TaskDef } from './define-task.ts';
import { fields } from './fields.ts';
import type { Pending } from './outcomes.ts';
import type { SensorOpts } from './sensor-options.ts';
import { SENSOR_OPTION_TABLE } from './sensor-options.ts';
import type { InferIn, InferOut, StandardSchemaV1 } from './standard-schema.ts';
import { TASK_OPTION_TABLE, type TaskOpts } from './task-options.ts';

/** A block with no inputs: `task("load", loadTrips)`. */
export type NoInputs = Readonly<Record<never, never>>;
export type NoInputsSchema = StandardSchemaV1<NoInputs, NoInputs>;

// biome-ignore-start lint/suspicious/noExplicitAny: a block serves DAGs with different params
export interface BlockOptions<S extends StandardSchemaV1, Out> extends TaskOpts<Out> {
  /** Shown as the operator in the UI, and what the list of blocks goes by. */
  name: string;
  /** A schema of the inputs, checked just before the block runs. Absent: there are none. */
  input?: S;
  /** Inputs that are templates; a call may choose others, or none with []. */
  templateFields?: readonly (keyof InferIn<S> & string)[];
  run: (input: InferOut<S>, ctx: Ctx<any>) => Out | Promise<Out>;
}

export interface SensorBlockOptions<S extends StandardSchemaV1, Out> extends SensorOpts, TaskOpts<Exclude<Awaited<Out>, Pending>> {
  name: string;
  input?: S;
  templateFields?: readonly (keyof InferIn<S> & string)[];
  /** Asked again and again until it returns something other than `notYet()`. */
  check: (input: InferOut<S>, ctx: Ctx<any>) => Out;
}
// biome-ignore-end lint/suspicious/noExplicitAny: as above

type MakeBlock = <S extends StandardSchemaV1 = NoInputsSchema, Out = unknown>(options: BlockOptions<S, Out>) => TaskDef<InferIn<S>, Out>;

/** Brings data in. Throws DAG_INVALID, as all of these, on a bad name, a missing function or an unknown option. */
export const dataLoader: MakeBlock = blockMaker('dataLoader', 'data_loader');
/** Makes data of data. */
export const transformer: MakeBlock = blockMaker('transformer', 'transformer');
/** Takes data out. */
export const dataExporter: MakeBlock = blockMaker('dataExporter', 'data_exporter');

/** A sensor that several DAGs use: `sensor("arrived", { path }, fileArrived)`. */
export function sensor<S extends StandardSchemaV1 = NoInputsSchema, Out = unknown>(
  options: SensorBlockOptions<S, Out>,
): TaskDef<InferIn<S>, Exclude<Awaited<Out>, Pending>> {
  const { check, ...rest } = options;
  const where = `sensor "${nameOf(options)}"`;
  if (typeof check !== 'function') throw new AppError('DAG_INVALID', `${where} needs a function: check: async (input, ctx) => ...`);
  return makeDefinition(
    { where, table: SENSOR_OPTION_TABLE, block: 'sensor' },
    { ...rest, input: options.input ?? NOTHING, run: check },
  ) as TaskDef<InferIn<S>, Exclude<Awaited<Out>, Pending>>;
}

const NOTHING = fields<NoInputs>({});

function blockMaker(maker: string, block: BlockKind): MakeBlock {
  return (options) => {
    const where = `${maker} "${nameOf(options)}"`;
    return makeDefinition({ where, table: TASK_OPTION_TABLE, block }, { ...options, input: options.input ?? NOTHING }) as never;
  };
}

function nameOf(options: { readonly name?: unknown } | undefined): string {
  if (typeof options?.name === 'string') return options.name;
  throw new AppError('DAG_INVALID', 'A block needs a name: dataLoader({ name: "load_trips", run: async (input, ctx) => ... }).');
}
