/** Goal: the weights that instances get: by rule, by the strategy of a plugin, with the author's own kept beside them. */
import { expect, it } from 'vitest';
import type { DagDefinition } from '#sdk/definition.ts';
import { dag } from '#sdk/index.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';
import { weighDag } from '../../scheduler/dag-processor/weigh-dag.ts';

const spec = (weightRule?: string) =>
  serialiseDag(
    dag('weighed', { defaultArgs: { ...(weightRule && { weightRule }) } }, ({ task }) => {
      const first = task('first', () => 1, { priorityWeight: 2 });
      const second = task('second', { first }, () => 2, { priorityWeight: 3 });
      task('third', { second }, () => 3, { priorityWeight: 5, weightRule: 'absolute' });
    }) as unknown as DagDefinition,
  );
const weights = (made: Awaited<ReturnType<typeof weighDag>>) =>
  Object.fromEntries(made.tasks.map((task) => [task.taskId, [task.priorityWeight, task.ownPriorityWeight ?? task.priorityWeight]]));

it('are those of all that follows, unless the task says otherwise', async () => {
  expect(weights(await weighDag(spec(), undefined))).toEqual({ first: [10, 2], second: [8, 3], third: [5, 5] });
  expect(weights(await weighDag(spec('upstream'), undefined))).toEqual({ first: [2, 2], second: [5, 3], third: [5, 5] });
});

it('come from the strategy that the rule names, in 32 bits', async () => {
  const asked: string[] = [];
  const weighed = await weighDag(spec('by_cost'), {
    weigh: async (strategy, tasks) => {
      asked.push(`${strategy}: ${tasks.map((task) => task.taskId).join(', ')}`);
      return tasks.map((task) => task.priorityWeight * 1e12);
    },
  });
  expect(asked).toEqual(['by_cost: first, second']);
  expect(weights(weighed)).toEqual({ first: [2 ** 31 - 1, 2], second: [2 ** 31 - 1, 3], third: [5, 5] });
});

it('are refused where no plugin offers the strategy', async () => {
  await expect(weighDag(spec('by_cots'), undefined)).rejects.toThrow('weightRule "by_cots" is no rule');
});
