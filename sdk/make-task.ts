/** Makes one task of a draft from what a builder's call was given. */
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import { brandOf, TASK_DEFINITION } from './brands.ts';
import type { TaskDef } from './define-task.ts';
import type { CallForm } from './definition.ts';
import type { Draft, DraftTask } from './draft.ts';
import { taskHandle } from './handles.ts';
import { readInputTree } from './input-tree.ts';
import { makeNode, type Source } from './ref.ts';
import { readTaskSettings, readTolerance } from './task-options.ts';
import type { OptionTable } from './unknown-option.ts';

/** An author's function, or a definition standing for one. */
export interface Body {
  readonly run: (...args: unknown[]) => unknown;
  readonly definition: TaskDef<unknown, unknown> | null;
}

export type Options = Readonly<Record<string, unknown>>;

export interface Making {
  readonly what: string;
  readonly localId: unknown;
  readonly kind: DraftTask['kind'];
  readonly call: CallForm;
  readonly body: Body;
  readonly input: unknown;
  readonly options: Options;
  readonly table: OptionTable;
  /** What only this kind of task has. */
  readonly extra?: Partial<DraftTask>;
}

/** What every scope's builder shares. */
export interface BuildContext {
  readonly draft: Draft;
  readonly defaultArgs: Options;
}

/** Makes one task of the current scope and its edges. */
export function makeTask({ draft, defaultArgs }: BuildContext, making: Making): string {
  const id = draft.claimId(making.what, making.localId);
  const where = `${making.what} "${id}"`;
  const { definition, run } = making.body;
  const settings = readTaskSettings(where, [defaultArgs, definition?.options ?? {}, making.options], making.table);
  if (draft.scope.mapScope !== null && settings.triggerRule === 'always')
    throw new AppError(
      'DAG_INVALID',
      `${where} lies inside mapped group "${draft.scope.mapScope}", where the trigger rule "always" is not allowed: it would start before the group's list is known. Use "all_done".`,
    );
  refuseUnknownFields(where, making);
  const sources: Source[] = [];
  const mapScope = making.extra?.mapScope ?? draft.scope.mapScope;
  const input =
    making.input === undefined
      ? null
      : readInputTree(where, making.input, (source, owner) => {
          draft.refuseForeign(owner, source.kind === 'task' ? source.taskId : source.kind);
          draft.refuseOutOfScope(where, source, mapScope);
          sources.push(source);
        });
  draft.addTask({
    id,
    kind: making.kind,
    operator: definition?.name ?? (making.kind === 'task' ? 'task' : making.kind),
    ...(definition?.block && { block: definition.block }),
    groupId: draft.scope.groupId,
    call: making.call,
    input,
    run,
    inputSchema: definition?.inputSchema ?? null,
    settings,
    label: null,
    sensor: null,
    ...making.extra,
    mapScope,
  });
  for (const source of sources) draft.addRead(id, source);
  const after = making.options['after'];
  if (after !== undefined && after !== null) {
    const nodes: readonly unknown[] = Array.isArray(after) ? after : [after];
    draft.order(nodes, [makeNode(taskHandle(draft, id), {})]);
  }
  return id;
}

/** A definition may name inputs that a call leaves out; a call itself may not. */
function refuseUnknownFields(where: string, { options, input }: Making): void {
  const known = Object.keys((input ?? {}) as object);
  for (const name of (options['templateFields'] ?? []) as readonly string[]) {
    if (known.includes(name)) continue;
    const near = closest(name, known);
    throw new AppError(
      'DAG_INVALID',
      `Option "templateFields" of ${where} names "${name}", which is no input.${near === null ? ` Its inputs: ${known.join(', ') || 'none'}.` : ` Did you mean "${near}"?`}`,
    );
  }
}

/** Reads maxActive and tolerate of a map or a mapped group. */
export function readMapLimits(where: string, options: Options): { maxActive: number | null; tolerate: number } {
  const maxActive = options['maxActive'];
  if (maxActive !== undefined && !(Number.isSafeInteger(maxActive) && (maxActive as number) >= 1))
    throw new AppError('DAG_INVALID', `Option "maxActive" of ${where} must be a whole number, at least 1.`);
  return { maxActive: (maxActive as number | undefined) ?? null, tolerate: readTolerance(where, options['tolerate']) };
}

export function readBody(what: string, id: unknown, body: unknown): Body {
  if (brandOf(body, TASK_DEFINITION) !== undefined) {
    const definition = body as TaskDef<unknown, unknown>;
    if (definition.block === 'sensor' && what !== 'sensor')
      throw new AppError(
        'DAG_INVALID',
        `${what} "${String(id)}" is made of the sensor block "${definition.name}". Wire it with sensor(...).`,
      );
    return { run: definition.run as Body['run'], definition };
  }
  if (typeof body === 'function') return { run: body as Body['run'], definition: null };
  throw new AppError('DAG_INVALID', `${what} "${String(id)}" needs a function to run, or a definition made with defineTask.`);
}

export function readInput(what: string, id: unknown, input: unknown): object {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input;
  throw new AppError(
    'DAG_INVALID',
    `${what} "${String(id)}": inputs must be an object, like { rows }. A task without inputs is ${what}("${String(id)}", run).`,
  );
}

export function readOptions(what: string, id: unknown, options: unknown): Options {
  if (options === undefined || options === null) return {};
  if (typeof options === 'object' && !Array.isArray(options)) return options as Options;
  throw new AppError('DAG_INVALID', `${what} "${String(id)}": options must be an object, like { retries: 2 }.`);
}
