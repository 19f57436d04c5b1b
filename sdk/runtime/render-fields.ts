/** Renders every text in a plain value, at any depth. */
import { looksLikeTemplate, partsOf } from './template/field-tree.ts';

/** Rejects with what `render` threw. What is no list, plain object or text stays as it is. */
export async function renderFields(value: unknown, render: (text: string) => Promise<string>): Promise<unknown> {
  if (typeof value === 'string') return looksLikeTemplate(value) ? render(value) : value;
  if (Array.isArray(value)) return Promise.all(value.map((item) => renderFields(item, render)));
  if (partsOf(value) === null) return value;
  const entries = await Promise.all(
    Object.entries(value as object).map(async ([key, item]) => [key, await renderFields(item, render)] as const),
  );
  return Object.fromEntries(entries);
}
