/** Macros and filters that a DAG brings itself (userDefinedMacros, userDefinedFilters). */
import type { TemplateSettings } from '../../template-settings.ts';
import type { Filter } from './filters.ts';
import { callPlugin, plainOf } from './macros.ts';
import type { Fn } from './values.ts';

type Macros = TemplateSettings['macros'];

export function ownValues(macros: Macros): Readonly<Record<string, () => unknown>> {
  const values = Object.entries(macros).filter(([, value]) => typeof value !== 'function');
  return Object.fromEntries(values.map(([name, value]) => [name, () => value]));
}

export function ownFunctions(macros: Macros): Readonly<Record<string, Fn>> {
  const functions = Object.entries(macros).filter(([, value]) => typeof value === 'function');
  return Object.fromEntries(
    functions.map(([name, run]): [string, Fn] => [
      name,
      {
        params: [],
        required: 0,
        rest: true,
        run: (...args) => callPlugin(`The macro ${name}`, () => (run as (...given: unknown[]) => unknown)(...args.map(plainOf))),
      },
    ]),
  );
}

export function ownFilters(filters: TemplateSettings['filters']): Readonly<Record<string, Filter>> {
  return Object.fromEntries(
    Object.entries(filters).map(([name, run]): [string, Filter] => [
      name,
      {
        params: [],
        required: 0,
        rest: true,
        run: (value, args) => callPlugin(`The filter ${name}`, () => run(plainOf(value), ...args.map(plainOf))),
      },
    ]),
  );
}
