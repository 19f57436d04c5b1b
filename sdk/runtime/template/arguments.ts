/** Reads arguments of filters, methods and macros; each reader throws TemplateError saying what was wanted. */
import { Instant } from './instant.ts';
import { TemplateError } from './template-error.ts';
import { describe, type Fn, present, unknownName, type Value } from './values.ts';

export interface GivenArgument {
  readonly name: string | null;
  readonly value: Value;
}

/** Puts arguments into the order of the parameters. `skipped` parameters at the front are the caller's. */
export function bindArguments(what: string, fn: Fn, given: readonly GivenArgument[], front: readonly Value[] = []): (Value | undefined)[] {
  const bound: (Value | undefined)[] = [...front];
  for (const { name, value } of given) {
    const index = name === null ? bound.length : fn.params.indexOf(name);
    if (name !== null && index < front.length) throw unknownName(`${what} has no argument "${name}"`, name, fn.params.slice(front.length));
    if (name === null && index >= fn.params.length && !fn.rest)
      throw new TemplateError(`${what} takes at most ${fn.params.length - front.length} arguments.`);
    if (name !== null && bound[index] !== undefined) throw new TemplateError(`${what} is given "${name}" twice.`);
    bound[index] = value;
  }
  for (const [index, name] of fn.params.slice(0, fn.required).entries())
    if (bound[index] === undefined) throw new TemplateError(`${what} needs its argument "${name}".`);
  return bound;
}

export function asText(what: string, value: Value | undefined, fallback?: string): string {
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value === 'string') return value;
  throw wanted(what, 'a text', value);
}

export function asWhole(what: string, value: Value | undefined, fallback?: number): number {
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw wanted(what, 'a whole number', value);
}

export function asNumber(what: string, value: Value | undefined, fallback?: number): number {
  if (value === undefined && fallback !== undefined) return fallback;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw wanted(what, 'a number', value);
}

/** ISO text counts, too. */
export function asInstant(what: string, value: Value | undefined): Instant {
  if (value instanceof Instant) return value;
  if (typeof value === 'string') return Instant.parse(value);
  throw wanted(what, 'a date', value);
}

function wanted(what: string, kind: string, value: Value | undefined): TemplateError {
  return new TemplateError(`${what} must be ${kind}, not ${value === undefined ? 'left out' : describe(present(value))}.`);
}
