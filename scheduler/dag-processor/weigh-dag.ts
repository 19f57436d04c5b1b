/** Gives each task the weight its instances have: by its rule, or by the strategy of a plugin that its rule names. */
import type { DagSpec } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import type { WeighedByPlugin } from '#core/plugin-protocol.ts';
import { clampWeight, WEIGHT_RULES, weighTasks } from '#core/scheduling/weight-rules.ts';

export interface PriorityStrategies {
  /** One weight a task. Rejects, naming the plugin or those there are. */
  weigh(strategy: string, tasks: readonly WeighedByPlugin[]): Promise<readonly number[]>;
}

/** `priorityWeight` becomes the weight of the instances; the author's own is kept beside it where it differs. */
export async function weighDag(spec: DagSpec, strategies: PriorityStrategies | undefined): Promise<DagSpec> {
  const byStrategy = await askStrategies(spec, strategies);
  const weights = weighTasks(
    spec.tasks.map(({ taskId, upstream, priorityWeight, weightRule }) => ({
      taskId,
      upstream,
      weight: priorityWeight,
      rule: weightRule ?? 'downstream',
    })),
  );
  const tasks = spec.tasks.map((task) => {
    const priorityWeight = byStrategy.get(task.taskId) ?? weights.get(task.taskId) ?? task.priorityWeight;
    return priorityWeight === task.priorityWeight ? task : { ...task, priorityWeight, ownPriorityWeight: task.priorityWeight };
  });
  return { ...spec, tasks };
}

async function askStrategies(spec: DagSpec, strategies: PriorityStrategies | undefined): Promise<ReadonlyMap<string, number>> {
  const isBuiltIn = (rule: string | undefined) => rule === undefined || (WEIGHT_RULES as readonly string[]).includes(rule);
  const weights = new Map<string, number>();
  const named = Map.groupBy(
    spec.tasks.filter((task) => !isBuiltIn(task.weightRule)),
    (task) => task.weightRule as string,
  );
  for (const [strategy, tasks] of named) {
    if (strategies === undefined)
      throw new AppError('PLUGIN_FAILED', `weightRule "${strategy}" is no rule, and no plugins are loaded here`);
    const given = await strategies.weigh(
      strategy,
      tasks.map(({ taskId, priorityWeight, operator, groupId, upstream, retries, queue, pool }) => ({
        dagId: spec.dagId,
        taskId,
        priorityWeight,
        operator,
        groupId,
        upstream,
        retries,
        queue,
        pool,
      })),
    );
    tasks.forEach((task, index) => {
      weights.set(task.taskId, clampWeight(given[index] as number));
    });
  }
  return weights;
}
