/** Finds syntax errors of templates without rendering them. */
import type { TaskDefinition } from '../../definition.ts';
import { fieldsOf, looksLikeTemplate, someText, templateFieldsOf } from './field-tree.ts';
import { parseTemplate } from './parse-template.ts';
import { TemplateError } from './template-error.ts';

/** Throws TemplateError naming the field, the line and the column of the first mistake. */
export function checkTemplateFields(task: TaskDefinition, files?: ReadonlyMap<string, string>): void {
  const names = templateFieldsOf(task);
  if (task.input === null || names.length === 0) return;
  const check = (text: string, path: string): boolean => {
    if (!looksLikeTemplate(text)) return false;
    try {
      parseTemplate(files?.get(text) ?? text);
      return false;
    } catch (error) {
      throw error instanceof TemplateError ? error.inField(`Field "${path}" of "${task.id}"`) : error;
    }
  };
  for (const [name, field] of fieldsOf(task.input)) if (names.includes(name)) someText(field, name, check);
}
