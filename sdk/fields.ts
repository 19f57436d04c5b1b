/** A small Standard Schema for the inputs of definitions that must not weigh down a bundle with a schema library. */
import { closest } from '#core/did-you-mean.ts';
import type { StandardSchemaV1 } from './standard-schema.ts';

export interface Field {
  readonly fits: (value: unknown) => boolean;
  /** Completes "must be …". */
  readonly wanted: string;
}

/** May be left out (undefined). */
export function optional(field: Field): Field {
  return { fits: (value) => value === undefined || field.fits(value), wanted: `${field.wanted}, or left out` };
}

export const TEXT: Field = { fits: (value) => typeof value === 'string' && value !== '', wanted: 'text, not empty' };
export const WHOLE_NUMBER: Field = { fits: (value) => Number.isSafeInteger(value), wanted: 'a whole number' };
export const LIST: Field = { fits: (value) => Array.isArray(value), wanted: 'a list' };
export const ANYTHING: Field = { fits: () => true, wanted: 'anything' };
export const TEXT_RECORD: Field = {
  fits: (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((item) => typeof item === 'string'),
  wanted: 'an object whose values are texts',
};
export const FUNCTION: Field = { fits: (value) => typeof value === 'function', wanted: 'a function' };

/** The schema of an object with exactly these keys. Its types are `In`'s; the checks only guard the run. */
export function fields<In extends object>(table: { readonly [K in keyof Required<In>]: Field }): StandardSchemaV1<In, In> {
  const known = Object.entries<Field>(table);
  const validate = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return { issues: [{ message: 'must be an object' }] };
    const given = value as Readonly<Record<string, unknown>>;
    const wrong = known
      .filter(([name, field]) => !field.fits(given[name]))
      .map(([name, field]) => ({ path: [name], message: `must be ${field.wanted}` }));
    const unknown = Object.keys(given)
      .filter((name) => !Object.hasOwn(table, name))
      .map((name) => {
        const near = closest(name, Object.keys(table));
        return { path: [name], message: `is not known.${near ? ` Did you mean "${near}"?` : ''}` };
      });
    const issues = [...wrong, ...unknown];
    return issues.length > 0 ? { issues } : { value };
  };
  return { '~standard': { version: 1, vendor: 'windlass', validate } };
}
