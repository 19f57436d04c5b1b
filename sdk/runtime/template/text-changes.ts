/** Changes of texts that filters and methods share. Lengths are checked before anything long is made. */
import type { Budget } from './limits.ts';
import { iterate } from './sequence.ts';
import { textOf } from './show.ts';
import { type Value, wrap } from './values.ts';

function title(text: string): string {
  return text.toLowerCase().replace(/(?<![\p{L}\p{N}'])\p{L}/gu, (letter) => letter.toUpperCase());
}

/** Jinja's filter: unlike Python's method, it starts words only behind white space, - and opening brackets. */
function titleWords(text: string): string {
  return text
    .toLowerCase()
    .replace(/(^|[-\s({[<])([^-\s({[<])/gu, (_whole, before: string, letter: string) => before + letter.toUpperCase());
}

function capitalize(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
}

/** `chars` = null takes white space away. */
function strip(text: string, chars: string | null, side: 'both' | 'start' | 'end'): string {
  if (chars === null) return side === 'both' ? text.trim() : side === 'start' ? text.trimStart() : text.trimEnd();
  let from = 0;
  let to = text.length;
  while (side !== 'end' && from < to && chars.includes(text[from] as string)) from += 1;
  while (side !== 'start' && to > from && chars.includes(text[to - 1] as string)) to -= 1;
  return text.slice(from, to);
}

/** As Python's: without a separator by runs of white space; `most` < 0 = no limit. */
function split(text: string, separator: string | null, most: number, budget: Budget): string[] {
  const parts = separator === null ? text.trim().split(/\s+/) : text.split(separator);
  budget.listOf(parts.length);
  if (separator === null && text.trim() === '') return [];
  if (most < 0 || parts.length <= most + 1) return parts;
  if (separator !== null) return [...parts.slice(0, most), parts.slice(most).join(separator)];
  const trimmed = text.trimStart();
  const word = /\S+\s+/y;
  for (let count = 0; count < most; count++) word.exec(trimmed);
  return [...parts.slice(0, most), trimmed.slice(word.lastIndex)];
}

/** `most` < 0 = all. */
function replace(text: string, old: string, fresh: string, most: number, budget: Budget): string {
  const found = old === '' ? text.length + 1 : text.split(old).length - 1;
  const times = most < 0 ? found : Math.min(found, most);
  budget.textOf(text.length + times * Math.max(0, fresh.length - old.length));
  if (most < 0) return text.replaceAll(old, () => fresh);
  const parts = text.split(old);
  if (old === '')
    return most === 0 ? text : fresh + parts.slice(0, times - 1).join(fresh) + (times > 1 ? fresh : '') + parts.slice(times - 1).join('');
  return (
    parts.slice(0, times + 1).join(fresh) +
    parts
      .slice(times + 1)
      .map((part) => old + part)
      .join('')
  );
}

function join(list: Value, separator: string, budget: Budget): string {
  const texts: string[] = [];
  let chars = 0;
  for (const item of iterate(list, budget)) {
    const text = textOf(wrap(item), budget);
    chars += text.length + separator.length;
    budget.textOf(chars);
    texts.push(text);
  }
  return texts.join(separator);
}

/** Zeros to the left, behind the sign, up to `width` characters. */
function zeros(text: string, width: number, budget: Budget): string {
  budget.textOf(width);
  const sign = /^[-+]/.exec(text)?.[0] ?? '';
  return sign + text.slice(sign.length).padStart(width - sign.length, '0');
}

export const changeText = { title, titleWords, capitalize, strip, split, replace, join, zeros };
