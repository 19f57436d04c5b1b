/** What a DAG adds to the language of its templates. */
import { AppError } from '#core/errors.ts';
import * as read from './option-values.ts';

type Functions = Readonly<Record<string, (...args: unknown[]) => unknown>>;

export interface TemplateSettings {
  /** Values, or functions that answer at once. */
  readonly macros: Readonly<Record<string, unknown>>;
  readonly filters: Functions;
  /** A template that is one expression gives its value. */
  readonly isNative: boolean;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Throws DAG_INVALID naming the option. */
export function readTemplateSettings(where: string, given: Readonly<Record<string, unknown>>): TemplateSettings {
  const filters = named(where, 'userDefinedFilters', given['userDefinedFilters']);
  for (const [name, filter] of Object.entries(filters)) read.func({ where, name: `userDefinedFilters["${name}"]` }, filter);
  return {
    macros: named(where, 'userDefinedMacros', given['userDefinedMacros']),
    filters: filters as Functions,
    isNative: given['renderAsNative'] === undefined ? false : read.flag({ where, name: 'renderAsNative' }, given['renderAsNative']),
  };
}

function named(where: string, option: string, value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value))
    throw new AppError('DAG_INVALID', `Option "${option}" of ${where} must be an object.`);
  for (const name of Object.keys(value))
    if (!NAME.test(name))
      throw new AppError('DAG_INVALID', `Option "${option}" of ${where}: ${JSON.stringify(name)} is no name that a template could say.`);
  return value as Readonly<Record<string, unknown>>;
}
