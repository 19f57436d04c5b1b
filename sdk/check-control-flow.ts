/** What Airflow refuses of setups and of failFast, found once all edges are known. */
import { AppError } from '#core/errors.ts';
import type { TriggerRule } from '#core/trigger-rules.ts';
import type { TaskDefinition } from './definition.ts';

/** The trigger rule that a task gets: its author's choice, or what suits what it follows. */
export function triggerRuleOf(task: TaskDefinition): TriggerRule {
  if (task.isTeardown) return 'all_done_setup_success';
  // Of a branch's cases all but one are skipped, so the default rule would skip whatever joins them.
  return task.settings.triggerRule ?? (task.followsJoin ? 'none_failed_min_one_success' : 'all_success');
}

/** Throws DAG_INVALID. */
export function checkControlFlow(dagId: string, tasks: ReadonlyMap<string, TaskDefinition>, failFast: boolean): void {
  for (const task of tasks.values()) {
    if (task.isTeardown) continue;
    const setup = task.upstream.find((id) => tasks.get(id)?.isSetup);
    const rule = triggerRuleOf(task);
    if (setup !== undefined && rule !== 'all_success')
      throw new AppError(
        'DAG_INVALID',
        `Task "${task.id}" of DAG "${dagId}" follows the setup "${setup}", so its trigger rule must be all_success, but it is ${rule}. Put a task between, or remove the rule.`,
      );
    const chosen = task.settings.triggerRule;
    if (failFast && chosen !== null && chosen !== 'all_success')
      throw new AppError(
        'DAG_INVALID',
        `DAG "${dagId}" has failFast, so its tasks can only have the trigger rule all_success, but "${task.id}" has ${chosen}.`,
      );
  }
}
