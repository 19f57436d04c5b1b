/** Names and their values while a template is rendered. */

import { FILTERS, type Filter } from './filters.ts';
import { TemplateError } from './template-error.ts';
import { type Fn, Missing, Opaque, unknownName, type Value, wrap } from './values.ts';

export interface Globals {
  readonly values: Readonly<Record<string, () => unknown>>;
  readonly functions: Readonly<Record<string, Fn>>;
  /** What to say about a name that is known but not here. */
  readonly hints: Readonly<Record<string, string>>;
  /** Of the DAG, over Jinja's. */
  readonly filters?: Readonly<Record<string, Filter>>;
}

export class Scope {
  readonly #globals: Globals;
  readonly #parent: Scope | null;
  readonly #own = new Map<string, Value>();

  constructor(globals: Globals, parent: Scope | null = null) {
    this.#globals = globals;
    this.#parent = parent;
  }

  /** As in Jinja, what a loop sets is gone after it. */
  inner(): Scope {
    return new Scope(this.#globals, this);
  }

  set(name: string, value: Value): void {
    this.#own.set(name, value);
  }

  /** Missing when there is no such name. */
  get(name: string): Value {
    for (let scope: Scope | null = this; scope !== null; scope = scope.#parent) {
      const found = scope.#own.get(name);
      if (found !== undefined) return found;
    }
    const { values, functions } = this.#globals;
    if (Object.hasOwn(values, name)) return wrap(values[name]?.());
    if (Object.hasOwn(functions, name)) return new Opaque(`the function ${name}(…)`);
    return new Missing(() => this.#unknown(name));
  }

  get filters(): Readonly<Record<string, Filter>> {
    return this.#globals.filters === undefined ? FILTERS : { ...FILTERS, ...this.#globals.filters };
  }

  /** Throws TemplateError when there is none. */
  function(name: string): Fn {
    const { functions } = this.#globals;
    const found = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (found !== undefined) return found;
    const value = this.get(name);
    if (value instanceof Missing) throw value.error();
    throw unknownName(`"${name}" is a value, not a function`, name, Object.keys(functions));
  }

  #unknown(name: string): TemplateError {
    const { values, functions, hints } = this.#globals;
    if (Object.hasOwn(hints, name)) return new TemplateError(`"${name}" is not available. ${hints[name]}`);
    const set: string[] = [];
    for (let scope: Scope | null = this; scope !== null; scope = scope.#parent) set.push(...scope.#own.keys());
    return unknownName(`"${name}" is unknown`, name, [...set, ...Object.keys(values), ...Object.keys(functions)]);
  }
}
