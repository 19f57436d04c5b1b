/** What lists and texts have in common: their elements. */
import type { Budget } from './limits.ts';
import { TemplateError } from './template-error.ts';
import { describe, isDict, present, type Value } from './values.ts';

/** Characters as people count them, not halves of surrogate pairs. */
export function itemsOf(value: string | readonly unknown[]): readonly unknown[] {
  if (typeof value !== 'string') return value;
  return /[\ud800-\udfff]/.test(value) ? [...value] : value.split('');
}

/** What `for` runs over: elements, characters, or the keys of a dict. */
export function iterate(value: Value, budget: Budget): readonly unknown[] {
  const holder = present(value);
  if (!Array.isArray(holder) && typeof holder !== 'string' && !isDict(holder))
    throw new TemplateError(`${describe(holder)} is nothing to loop over. Lists, dicts and texts are.`);
  const items = isDict(holder) ? Object.keys(holder) : itemsOf(holder as string | readonly unknown[]);
  budget.listOf(items.length);
  return items;
}
