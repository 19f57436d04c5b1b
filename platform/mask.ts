/**
 * Hides secret values in text that leaves the supervisor: log lines, errors, reasons. Best effort: a task that
 * transforms a secret can still print it. Raw, URL-encoded, base64 and JSON-escaped forms are known.
 *
 * A secret of several lines is also known line by line, so that masking whole lines (as the log pump does)
 * misses nothing that came in pieces.
 */

export { isSensitiveKey } from '#core/sensitive-key.ts';

const MASK = '***';
/** Shorter values would hide ordinary words. */
const LENGTH_MIN = 4;
/** Lines of a multi-line secret shorter than this are too ordinary ("}", "-----"). */
const LINE_LENGTH_MIN = 8;
/** The oldest are forgotten first; a worker meets a few dozen. */
const SECRETS_MAX = 2_000;

export class Masker {
  readonly #secrets = new Map<string, readonly string[]>();
  #pattern: RegExp | null = null;
  /** The forms by their first letters. */
  #byStart: ReadonlyMap<string, readonly string[]> = new Map();
  #longest = 0;

  /** Registers values to hide from now on. Empty, missing and very short ones are ignored. */
  add(...values: readonly (string | null | undefined)[]): void {
    let changed = false;
    for (const value of values) {
      if (value === null || value === undefined || value.length < LENGTH_MIN || this.#secrets.has(value)) continue;
      this.#secrets.set(value, formsOf(value));
      if (this.#secrets.size > SECRETS_MAX) this.#secrets.delete(this.#secrets.keys().next().value as string);
      changed = true;
    }
    if (changed) this.#compile();
  }

  /** Length in characters of the longest form: how far a cut must look ahead to not split a secret. */
  get longestChars(): number {
    return this.#longest;
  }

  mask(text: string): string {
    return this.#pattern === null ? text : text.replace(this.#pattern, MASK);
  }

  /** Of a text that was cut off: what is left of a secret at its end is hidden, too. */
  maskCut(text: string): string {
    const masked = this.mask(text);
    for (let at = Math.max(0, masked.length - this.#longest); at <= masked.length - LENGTH_MIN; at++) {
      const rest = masked.slice(at);
      if (this.#byStart.get(rest.slice(0, LENGTH_MIN))?.some((form) => form.startsWith(rest))) return `${masked.slice(0, at)}${MASK}`;
    }
    return masked;
  }

  /** Masks every string inside a JSON-like value, keys included. Depth and cycles are the caller's concern. */
  maskDeep(value: unknown): unknown {
    if (this.#pattern === null) return value;
    if (typeof value === 'string') return this.mask(value);
    if (Array.isArray(value)) return value.map((item) => this.maskDeep(item));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.mask(key), this.maskDeep(item)]));
  }

  #compile(): void {
    const forms = [...new Set([...this.#secrets.values()].flat())].sort((a, b) => b.length - a.length);
    this.#longest = forms[0]?.length ?? 0;
    this.#byStart = Map.groupBy(forms, (form) => form.slice(0, LENGTH_MIN));
    this.#pattern = forms.length === 0 ? null : new RegExp(forms.map(escapePattern).join('|'), 'g');
  }
}

function formsOf(secret: string): readonly string[] {
  const lines = secret
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line.length >= LINE_LENGTH_MIN);
  const forms = new Set<string>();
  for (const text of [secret, ...lines]) {
    forms.add(text);
    forms.add(text.isWellFormed() ? encodeURIComponent(text) : text);
    forms.add(JSON.stringify(text).slice(1, -1));
  }
  const base64 = Buffer.from(secret, 'utf8').toString('base64');
  forms.add(base64);
  forms.add(base64.replace(/=+$/, ''));
  forms.add(Buffer.from(secret, 'utf8').toString('base64url'));
  return [...forms].filter((form) => form.length >= LENGTH_MIN);
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
