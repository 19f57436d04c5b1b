/** Cuts a template into text, `{{ … }}` and `{% … %}`, and the latter two into tokens. */
import { TEMPLATE_LIMITS } from './limits.ts';
import { RAW_HINT, TemplateError } from './template-error.ts';
import { readTokens, type Token } from './tokens.ts';

export type Segment =
  | { readonly kind: 'text'; readonly text: string; readonly at: number }
  | { readonly kind: 'output' | 'statement'; readonly tokens: readonly Token[]; readonly at: number };

/** Throws TemplateError for what has no end or holds characters no expression has. */
export function readSegments(source: string): Segment[] {
  if (source.length > TEMPLATE_LIMITS.sourceChars)
    throw new TemplateError(`The template is longer than ${TEMPLATE_LIMITS.sourceChars} characters.`);
  const segments: Segment[] = [];
  let offset = 0;
  let trimNext = false;
  const pushText = (from: number, to: number, trimEnd: boolean) => {
    let text = source.slice(from, to);
    if (trimNext) text = text.trimStart();
    if (trimEnd) text = text.trimEnd();
    trimNext = false;
    if (text !== '') segments.push({ kind: 'text', text, at: from });
  };
  const opening = /\{([{%#])([-+]?)/g;
  for (;;) {
    opening.lastIndex = offset;
    const match = opening.exec(source);
    if (match === null) {
      pushText(offset, source.length, false);
      return segments;
    }
    const at = match.index;
    // `{{+1}}` is a plus sign, `{%+ if %}` is not.
    const inside = match[1] === '{' && match[2] === '+' ? opening.lastIndex - 1 : opening.lastIndex;
    pushText(offset, at, match[2] === '-');
    if (match[1] === '#') {
      const end = source.indexOf('#}', inside);
      if (end < 0) throw new TemplateError(`The comment {# has no end #}. ${RAW_HINT}`).locate(source, at);
      trimNext = source[end - 1] === '-' && end - 1 >= inside;
      offset = end + 2;
      continue;
    }
    const raw = match[1] === '%' ? readRaw(source, at) : null;
    if (raw !== null) {
      trimNext = raw.trimStart;
      pushText(raw.from, raw.to, raw.trimEnd);
      trimNext = raw.trimNext;
      offset = raw.end;
      continue;
    }
    const read = readTokens(source, inside, match[1] === '{' ? '}}' : '%}', at);
    segments.push({ kind: match[1] === '{' ? 'output' : 'statement', tokens: read.tokens, at });
    trimNext = read.trims;
    offset = read.end;
  }
}

interface Raw {
  readonly from: number;
  readonly to: number;
  readonly end: number;
  readonly trimStart: boolean;
  readonly trimEnd: boolean;
  readonly trimNext: boolean;
}

/** `{% raw %}` at `at`, up to its `{% endraw %}`. */
function readRaw(source: string, at: number): Raw | null {
  const opening = /\{%[-+]?\s*raw\s*(-?)%\}/y;
  opening.lastIndex = at;
  const begun = opening.exec(source);
  if (begun === null) return null;
  const closing = /\{%([-+]?)\s*endraw\s*(-?)%\}/g;
  closing.lastIndex = opening.lastIndex;
  const ended = closing.exec(source);
  if (ended === null) throw new TemplateError('{% raw %} has no {% endraw %}.').locate(source, at);
  return {
    from: opening.lastIndex,
    to: ended.index,
    end: closing.lastIndex,
    trimStart: begun[1] === '-',
    trimEnd: ended[1] === '-',
    trimNext: ended[2] === '-',
  };
}
