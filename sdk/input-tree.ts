/** Reads a handler's inputs as the author wrote them into a tree that says where each value comes from. */
import { AppError } from '#core/errors.ts';
import { brandOf, DAG, LIST, LITERAL } from './brands.ts';
import type { InputTree } from './definition.ts';
import { handleOf, type Owner, type Source } from './ref.ts';

const MAX_DEPTH = 64;

/** Calls `onSource` for every reference found (it may refuse it). Throws DAG_INVALID for nodes without a value. */
export function readInputTree(where: string, value: unknown, onSource: (source: Source, owner: Owner) => void): InputTree {
  const visit = (part: unknown, path: string, depth: number): InputTree => {
    const handle = handleOf(part);
    if (handle !== undefined) {
      if (handle.source === null)
        throw new AppError(
          'DAG_INVALID',
          `${where}: input "${path}" is "${handle.id}", which has no value. To wait for it, use after: ...`,
        );
      onSource(handle.source, handle.draft);
      return { kind: 'ref', source: handle.source };
    }
    if (brandOf(part, LIST) !== undefined)
      throw new AppError(
        'DAG_INVALID',
        `${where}: input "${path}" is a list made with zip, cross, concat or map, which can only be mapped over. Pass the lists themselves as inputs.`,
      );
    if (brandOf(part, LITERAL) !== undefined) return { kind: 'literal', value: (part as { value: unknown }).value, raw: true };
    if (brandOf(part, DAG) !== undefined)
      throw new AppError('DAG_INVALID', `${where}: input "${path}" is a whole DAG. Pass a result, or use trigger(...).`);
    if (depth > MAX_DEPTH)
      throw new AppError('DAG_INVALID', `${where}: input "${path}" is nested deeper than ${MAX_DEPTH} levels, or contains itself.`);
    if (Array.isArray(part)) {
      const items = part.map((item, index) => visit(item, `${path}[${index}]`, depth + 1));
      return items.every(isPlain) ? { kind: 'literal', value: part } : { kind: 'list', items };
    }
    if (isPlainObject(part)) {
      const entries = Object.entries(part).map(
        ([key, item]) => [key, visit(item, path === '' ? key : `${path}.${key}`, depth + 1)] as const,
      );
      return entries.every(([, item]) => isPlain(item)) ? { kind: 'literal', value: part } : { kind: 'object', entries };
    }
    return { kind: 'literal', value: part };
  };
  return visit(value, '', 0);
}

/** As it was written: nothing in it is wired, and nothing is set off from templates. */
function isPlain(tree: InputTree): boolean {
  return tree.kind === 'literal' && tree.raw !== true;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
