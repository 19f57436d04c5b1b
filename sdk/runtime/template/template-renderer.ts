/** Renders the templates of one attempt, fetching what they need. */

import type { TaskHost } from '../task-host.ts';
import { looksLikeTemplate } from './field-tree.ts';
import { type GlobalsOptions, templateGlobals } from './globals.ts';
import { Lacking, Lookups } from './lookups.ts';
import { parseTemplate } from './parse-template.ts';
import { render, renderNative } from './render.ts';
import type { Globals } from './scope.ts';

export class TemplateRenderer {
  readonly #lookups: Lookups;
  readonly #globals: Globals;
  readonly #isNative: boolean;
  readonly #files: ReadonlyMap<string, string> | undefined;

  constructor(
    options: Omit<GlobalsOptions, 'lookups'> & { readonly host: TaskHost; readonly files?: ReadonlyMap<string, string> | undefined },
  ) {
    this.#lookups = new Lookups(options.host);
    this.#globals = templateGlobals({ ...options, lookups: this.#lookups });
    this.#files = options.files;
    this.#isNative = options.own?.isNative ?? false;
  }

  /** `values` are further names. Rejects with TemplateError, or with the supervisor's error of a failed look-up. */
  async render(text: string, values: Readonly<Record<string, unknown>> = {}): Promise<string> {
    return String(await this.#make(text, values, render));
  }

  /** A text, or with renderAsNative the value of a template that is one expression. */
  async renderField(given: string): Promise<unknown> {
    const text = this.#files?.get(given) ?? given;
    return this.#make(text, {}, this.#isNative ? renderNative : render);
  }

  async #make(text: string, values: Readonly<Record<string, unknown>>, make: typeof renderNative): Promise<unknown> {
    if (!looksLikeTemplate(text)) return text;
    const template = parseTemplate(text);
    const further = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, () => value]));
    const globals = { ...this.#globals, values: { ...this.#globals.values, ...further } };
    for (;;) {
      try {
        return make(template, globals);
      } catch (error) {
        if (!(error instanceof Lacking)) throw error;
        await this.#lookups.fetch(error.wanted);
      }
    }
  }

  /** Hides what came from connections and secret variables. */
  mask(text: string): string {
    let masked = text;
    for (const secret of this.#lookups.secrets) if (secret.length >= MASKED_CHARS_MIN) masked = masked.replaceAll(secret, '***');
    return masked;
  }
}

/** Shorter texts would hide ordinary words. */
const MASKED_CHARS_MIN = 4;
