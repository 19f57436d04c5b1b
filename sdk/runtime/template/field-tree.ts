/** Where the templates of a task lie. Light: it is loaded for every task, the engine only for those with templates. */
import type { InputTree, TaskDefinition } from '../../definition.ts';
import { TEMPLATE_FILE } from '../../template-files.ts';

/** True when rendering could change the text: it holds a template, or may be the name of a file with one. */
export function looksLikeTemplate(text: string): boolean {
  return /\{[{%#]/.test(text) || TEMPLATE_FILE.test(text);
}

/** Bundles of an older sdk do not say. */
export function templateFieldsOf(task: TaskDefinition): readonly string[] {
  return task.settings.templateFields ?? [];
}

/** True when some text in the task's template fields could be a template. */
export function hasTemplates(task: TaskDefinition): boolean {
  const names = templateFieldsOf(task);
  if (task.input === null || names.length === 0) return false;
  return fieldsOf(task.input).some(([name, field]) => names.includes(name) && someText(field, name, looksLikeTemplate));
}

/** Like `some` over the texts of the DAG file in a field; `test` also gets the path to each. */
export function someText(tree: InputTree, path: string, test: (text: string, path: string) => boolean): boolean {
  switch (tree.kind) {
    case 'ref':
      return false;
    case 'list':
      return tree.items.some((item, index) => someText(item, `${path}[${index}]`, test));
    case 'object':
      return tree.entries.some(([key, item]) => someText(item, `${path}.${key}`, test));
    case 'literal': {
      if (tree.raw) return false;
      if (typeof tree.value === 'string') return test(tree.value, path);
      const parts = partsOf(tree.value);
      return parts !== null && someText(parts, path, test);
    }
  }
}

/** The named inputs of a task. */
export function fieldsOf(tree: InputTree): readonly (readonly [string, InputTree])[] {
  const parts = tree.kind === 'literal' ? partsOf(tree.value) : tree;
  return parts?.kind === 'object' ? parts.entries : [];
}

/** A literal list or object as a tree of its parts; null when it has none to render. */
export function partsOf(value: unknown): InputTree | null {
  if (typeof value !== 'object' || value === null) return null;
  const literal = (part: unknown): InputTree => ({ kind: 'literal', value: part });
  if (Array.isArray(value)) return { kind: 'list', items: value.map(literal) };
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return null;
  return { kind: 'object', entries: Object.entries(value).map(([key, part]) => [key, literal(part)]) };
}
