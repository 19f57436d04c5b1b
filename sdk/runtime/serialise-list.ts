/** The list of a map as the scheduler knows it: which lists it is made of and how, without functions and values. */
import type { ListExpression } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import type { ListTree } from '../lists.ts';

export function serialiseList(tree: ListTree): ListExpression {
  switch (tree.kind) {
    case 'task':
      return tree.each === null
        ? { from: 'task', taskId: tree.taskId, path: tree.path }
        : { from: 'results', taskId: tree.taskId, path: tree.each };
    case 'params':
      return { from: 'params', taskId: '', path: tree.path };
    case 'literal':
      return { from: 'literal', taskId: '', path: [], length: tree.items.length };
    case 'zip':
      return { op: 'zip', parts: tree.parts.map(serialiseList), ...(tree.fill !== null && { fill: true as const }) };
    case 'cross':
    case 'concat':
      return { op: tree.kind, parts: tree.parts.map(serialiseList) };
    case 'transform':
      return serialiseList(tree.part);
    default:
      throw new AppError('DAG_INVALID', 'A map runs over something that this version of Windlass does not know.');
  }
}
