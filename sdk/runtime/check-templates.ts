/** Refuses a DAG whose templates do not parse, when its file is read. */
import type { DagDefinition } from '../definition.ts';
import { hasTemplates } from './template/field-tree.ts';

/** Rejects with TEMPLATE_INVALID naming the task and the field. The parser is loaded only when there is something to parse. */
export async function checkTemplates(dag: DagDefinition): Promise<void> {
  const tasks = [...dag.tasks.values()].filter(hasTemplates);
  if (tasks.length === 0) return;
  const { checkTemplateFields } = await import('./template/check-fields.ts');
  for (const task of tasks) checkTemplateFields(task, dag.templateFiles);
}
