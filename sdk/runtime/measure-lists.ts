/** How long the lists in a result are that others map over. */
import { AppError } from '#core/errors.ts';
import { describeStored, lengthOfStored, partAt } from '#core/mapping/encoded-list.ts';
import { leavesOf, listIdsOf } from '#core/mapping/list-expression.ts';
import { tooLongMessage } from '#core/mapping/too-long.ts';
import type { DagDefinition } from '../definition.ts';
import { Fatal } from '../outcomes.ts';
import { serialiseList } from './serialise-list.ts';

/** By list id. `encoded`: the result as it will be stored. Throws when one is no list, or longer than `max`. */
export function measureLists(dag: DagDefinition, taskId: string, encoded: unknown, max: number): Record<string, number> {
  const lengths: Record<string, number> = {};
  for (const { id: scopeId, over } of dag.mapScopes) {
    const list = serialiseList(over);
    const ids = listIdsOf({ scopeId, over: list });
    for (const [leaf, source] of leavesOf(list).entries()) {
      if (source.from !== 'task' || source.taskId !== taskId) continue;
      const part = partAt(encoded, source.path);
      const length = lengthOfStored(part);
      const where = `${source.path.length > 0 ? `.${source.path.join('.')} of ` : ''}the result of "${taskId}"`;
      if (length === null) throw new Fatal(`"${scopeId}" maps over ${where}, which must be a list but is ${describeStored(part)}.`);
      if (length > max) throw new AppError('DAG_INVALID', `${tooLongMessage(`"${scopeId}" maps over ${where}, which`, length, max)}.`);
      lengths[ids[leaf] as string] = length;
    }
  }
  return lengths;
}
