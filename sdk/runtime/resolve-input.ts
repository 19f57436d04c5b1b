/** Turns an input tree into the value a handler receives. */
import { AppError } from '#core/errors.ts';
import type { InputTree } from '../definition.ts';
import type { Source } from '../ref.ts';

/** Values at hand, decoded already. */
export interface Values {
  readonly params: unknown;
  readonly item: unknown;
  /** Results by task id. A task that has none (skipped, failed) is absent. */
  readonly inputs: ReadonlyMap<string, unknown>;
}

/** Throws BAD_REQUEST when a path leads through nothing, naming the result and the step. */
export function resolveInput(tree: InputTree, values: Values): unknown {
  switch (tree.kind) {
    case 'literal':
      return tree.value;
    case 'ref':
      return resolveSource(tree.source, values);
    case 'list':
      return tree.items.map((item) => resolveInput(item, values));
    case 'object':
      return Object.fromEntries(tree.entries.map(([key, part]) => [key, resolveInput(part, values)]));
  }
}

function resolveSource(source: Source, values: Values): unknown {
  switch (source.kind) {
    case 'params':
      return walk('the params', values.params, source.path);
    case 'item':
      return walk('the item', values.item, source.path);
    case 'join':
      return resolveJoin(source, values);
    case 'task': {
      if (!values.inputs.has(source.taskId)) return undefined;
      const value = values.inputs.get(source.taskId);
      const each = source.each;
      const whole =
        each !== null && each.length > 0 && Array.isArray(value)
          ? value.map((one) => walk(`a result of "${source.taskId}"`, one, each))
          : value;
      return walk(`the result of "${source.taskId}"`, whole, source.path);
    }
  }
}

/** Whichever case ran. Cases that did not have no result. */
function resolveJoin(source: Source & { kind: 'join' }, values: Values): unknown {
  const ran = source.cases.find((one) => hasValue(one, values));
  return ran === undefined ? undefined : walk('the branch', resolveSource(ran, values), source.path);
}

function hasValue(source: Source, values: Values): boolean {
  if (source.kind === 'task') return values.inputs.has(source.taskId);
  return source.kind === 'join' ? source.cases.some((one) => hasValue(one, values)) : true;
}

function walk(what: string, value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const [index, key] of path.entries()) {
    if (current === null || current === undefined) {
      const taken = path.slice(0, index).map((step) => `.at("${step}")`);
      throw new AppError(
        'BAD_REQUEST',
        `${what}${taken.join('')} is ${current === null ? 'null' : 'missing'}, so .at("${key}") of it cannot be read.`,
      );
    }
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}
