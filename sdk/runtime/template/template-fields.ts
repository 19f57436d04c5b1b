/**
 * Renders the fields that a task declares as templates. Only what stands in the DAG file is a template: results,
 * params and items that are wired into the same field are data and stay as they are, whatever they contain.
 */
import type { InputTree, TaskDefinition } from '../../definition.ts';
import type { TaskHost } from '../task-host.ts';
import { fieldsOf, looksLikeTemplate, partsOf, templateFieldsOf } from './field-tree.ts';
import { TemplateError } from './template-error.ts';
import type { TemplateRenderer } from './template-renderer.ts';

/** Airflow's max_templated_field_length. */
const LOGGED_CHARS_MAX = 4_096;

/** Resolves with the task's inputs, rendered; rejects with TemplateError naming the field. */
export async function renderTemplateFields(task: TaskDefinition, renderer: TemplateRenderer, host: TaskHost): Promise<InputTree | null> {
  const tree = task.input;
  const names = templateFieldsOf(task);
  if (tree === null || names.length === 0) return tree;
  const fields = fieldsOf(tree);
  const rendered: [string, InputTree][] = [];
  const shown: Record<string, string> = {};
  for (const [name, field] of fields) {
    if (!names.includes(name)) {
      rendered.push([name, field]);
      continue;
    }
    const made = await renderTree(field, `${JSON.stringify(name)} of "${task.id}"`, renderer);
    shown[name] = shownText(made, renderer);
    if (made !== field) host.log('info', `Rendered ${name}: ${shown[name]}`);
    rendered.push([name, made]);
  }
  // Only shown: a body runs whether or not this could be stored.
  await host.request({ what: 'rendered_fields', fields: shown }).catch(() => undefined);
  return rendered.some(([, field], index) => field !== fields[index]?.[1]) ? { kind: 'object', entries: rendered } : tree;
}

/** Returns the same tree when nothing in it is a template. */
async function renderTree(tree: InputTree, path: string, renderer: TemplateRenderer): Promise<InputTree> {
  switch (tree.kind) {
    case 'ref':
      return tree;
    case 'literal': {
      if (tree.raw) return tree;
      if (typeof tree.value === 'string') return renderText(tree, tree.value, path, renderer);
      const parts = partsOf(tree.value);
      const made = parts === null ? null : await renderTree(parts, path, renderer);
      return made === parts || made === null ? tree : made;
    }
    case 'list': {
      const items: InputTree[] = [];
      for (const [index, item] of tree.items.entries()) items.push(await renderTree(item, `[${index}] in ${path}`, renderer));
      return items.every((item, index) => item === tree.items[index]) ? tree : { kind: 'list', items };
    }
    case 'object': {
      const entries: [string, InputTree][] = [];
      for (const [key, item] of tree.entries) entries.push([key, await renderTree(item, `${JSON.stringify(key)} in ${path}`, renderer)]);
      return entries.every(([, item], index) => item === tree.entries[index]?.[1]) ? tree : { kind: 'object', entries };
    }
  }
}

async function renderText(tree: InputTree, text: string, path: string, renderer: TemplateRenderer): Promise<InputTree> {
  if (!looksLikeTemplate(text)) return tree;
  try {
    return { kind: 'literal', value: await renderer.renderField(text), raw: true };
  } catch (error) {
    throw error instanceof TemplateError ? error.inField(`Field ${path}`) : error;
  }
}

function shownText(tree: InputTree, renderer: TemplateRenderer): string {
  const shown = showTree(tree, renderer);
  const text = typeof shown === 'string' ? shown : (JSON.stringify(shown) ?? '');
  return text.length > LOGGED_CHARS_MAX ? `${text.slice(0, LOGGED_CHARS_MAX)}…` : text;
}

/** Masked text by text, before JSON changes how a secret looks. */
function showTree(tree: InputTree, renderer: TemplateRenderer): unknown {
  switch (tree.kind) {
    case 'ref':
      return '(a wired value)';
    case 'list':
      return tree.items.map((item) => showTree(item, renderer));
    case 'object':
      return Object.fromEntries(tree.entries.map(([key, item]) => [key, showTree(item, renderer)]));
    case 'literal': {
      if (typeof tree.value === 'string') return renderer.mask(tree.value);
      const parts = partsOf(tree.value);
      return parts === null ? String(tree.value) : showTree(parts, renderer);
    }
  }
}
