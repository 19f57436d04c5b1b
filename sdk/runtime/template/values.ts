/** What a template can hold. Plain data only: nothing here leads to a prototype or to a function of the process. */
import { closest } from '#core/did-you-mean.ts';
import { Instant } from './instant.ts';
import { Span } from './span.ts';
import { TemplateError } from './template-error.ts';

export type Dict = { readonly [key: string]: unknown };
export type Value = null | boolean | number | bigint | string | readonly unknown[] | Dict | Instant | Span | Namespace | Missing | Opaque;

/** Something that is not there. Using it is an error; `default` and `is defined` may look at it. */
export class Missing {
  readonly error: () => TemplateError;
  /** Counts as none in conditions, as Airflow's xcom_pull without a value. */
  readonly asNone: boolean;

  constructor(error: () => TemplateError, asNone = false) {
    this.error = error;
    this.asNone = asNone;
  }
}

/** A value whose inside a template may not see: a class instance, a function. */
export class Opaque {
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

export interface Fn {
  /** In order; the first `required` must be given. */
  readonly params: readonly string[];
  readonly required: number;
  /** Arguments that were not given are undefined. */
  readonly run: (...args: (Value | undefined)[]) => unknown;
  /** Takes any number of arguments by position. */
  readonly rest?: boolean;
}

export interface NamespaceOptions {
  readonly values?: Readonly<Record<string, () => unknown>>;
  readonly methods?: Readonly<Record<string, Fn>>;
  /** Any other name: `var.value.X`. */
  readonly lookup?: (name: string) => unknown;
  /** What to say about a name that is known but not here. */
  readonly hints?: Readonly<Record<string, string>>;
}

/** An object of ours with named parts: `ti`, `dag_run`, `macros`. */
export class Namespace {
  readonly name: string;
  readonly methods: Readonly<Record<string, Fn>>;
  readonly #options: NamespaceOptions;

  constructor(name: string, options: NamespaceOptions) {
    this.name = name;
    this.methods = options.methods ?? {};
    this.#options = options;
  }

  get(key: string): Value {
    const { values = {}, methods = {}, lookup, hints = {} } = this.#options;
    if (Object.hasOwn(values, key)) return wrap(values[key]?.());
    if (lookup !== undefined) return wrap(lookup(key));
    return new Missing(() => {
      if (Object.hasOwn(hints, key)) return new TemplateError(`${this.name}.${key} is not available. ${hints[key]}`);
      if (Object.hasOwn(methods, key)) return new TemplateError(`${this.name}.${key} is a function: call it, ${this.name}.${key}(…).`);
      return unknownName(`${this.name} has no "${key}"`, key, [...Object.keys(values), ...Object.keys(methods)]);
    });
  }
}

export function unknownName(problem: string, name: string, known: readonly string[]): TemplateError {
  const near = closest(name, known);
  if (near !== null) return new TemplateError(`${problem}. Did you mean "${near}"?`);
  const shown = known.slice(0, 20).join(', ');
  return new TemplateError(`${problem}.${known.length === 0 ? '' : ` Known: ${shown}${known.length > 20 ? ', …' : ''}.`}`);
}

/** Lets plain data in as it is; dates, maps, sets and URLs become what templates know; the rest is opaque. */
export function wrap(value: unknown): Value {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
    case 'bigint':
      return value;
    case 'undefined':
      return null;
    case 'function':
      return new Opaque('a function');
    case 'symbol':
      return new Opaque('a symbol');
    case 'object':
      return value === null ? null : wrapObject(value);
  }
}

function wrapObject(value: object): Value {
  if (
    value instanceof Instant ||
    value instanceof Span ||
    value instanceof Namespace ||
    value instanceof Missing ||
    value instanceof Opaque
  )
    return value;
  if (Array.isArray(value)) return value as readonly unknown[];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return value as Dict;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? new Opaque('an invalid Date') : new Instant(value.getTime());
  if (value instanceof Map) return dictOf([...value].map(([key, item]) => [String(key), item]));
  if (value instanceof Set) return [...value];
  if (value instanceof URL) return value.href;
  return new Opaque('an instance of a class');
}

/** Own properties only, whatever their names. */
export function dictOf(entries: Iterable<readonly [string, unknown]>): Dict {
  const dict: Record<string, unknown> = Object.create(null);
  for (const [key, value] of entries) dict[key] = value;
  return dict;
}

/** A property of plain data; undefined when there is none. Getters are not run. */
export function ownValue(dict: Dict, key: string): Value | undefined {
  const property = Object.getOwnPropertyDescriptor(dict, key);
  if (property === undefined || !property.enumerable || property.value === undefined) return undefined;
  return wrap(property.value);
}

export function isDict(value: Value): value is Dict {
  return kindOf(value) === 'dict';
}

export type Kind = 'none' | 'boolean' | 'number' | 'text' | 'list' | 'dict' | 'date' | 'duration' | 'namespace' | 'missing' | 'opaque';

export function kindOf(value: Value): Kind {
  if (value === null) return 'none';
  switch (typeof value) {
    case 'boolean':
      return 'boolean';
    case 'number':
    case 'bigint':
      return 'number';
    case 'string':
      return 'text';
    default:
  }
  if (Array.isArray(value)) return 'list';
  if (value instanceof Instant) return 'date';
  if (value instanceof Span) return 'duration';
  if (value instanceof Namespace) return 'namespace';
  if (value instanceof Missing) return 'missing';
  if (value instanceof Opaque) return 'opaque';
  return 'dict';
}

const WORDS: Readonly<Record<Kind, string>> = {
  none: 'none',
  boolean: 'true or false',
  number: 'a number',
  text: 'a text',
  list: 'a list',
  dict: 'a dict',
  date: 'a date',
  duration: 'a duration',
  namespace: 'an object of Windlass',
  missing: 'nothing',
  opaque: 'an object',
};

/** "a number", "an instance of a class": for messages. Throws when the value is missing. */
export function describe(value: Value): string {
  if (value instanceof Missing) throw value.error();
  if (value instanceof Opaque) return value.what;
  return value instanceof Namespace ? value.name : WORDS[kindOf(value)];
}

/** Returns the value, or throws when it is missing. */
export function present(value: Value): Exclude<Value, Missing> {
  if (value instanceof Missing) throw value.error();
  return value;
}

export function truthy(value: Value): boolean {
  if (value instanceof Missing) {
    if (value.asNone) return false;
    throw value.error();
  }
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Span) return value.ms !== 0;
  if (isDict(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}
