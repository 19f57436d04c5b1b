/** The tests: `value is name`. */
import { asNumber } from './arguments.ts';
import type { CompareOperator } from './ast.ts';
import { compare } from './compare.ts';
import type { Budget } from './limits.ts';
import { kindOf, Missing, type Value } from './values.ts';

export interface ValueTest {
  readonly params: readonly string[];
  readonly required: number;
  readonly seesMissing?: true;
  readonly run: (value: Value, args: readonly (Value | undefined)[], budget: Budget) => boolean;
}

const plain = (run: (value: Value) => boolean): ValueTest => ({ params: [], required: 0, run });
const comparing = (operator: CompareOperator): ValueTest => ({
  params: ['other'],
  required: 1,
  run: (value, [other], budget) => compare(operator, value, other ?? null, budget),
});
const isNone = (value: Value) => value === null || (value instanceof Missing && value.asNone);

export const VALUE_TESTS: Readonly<Record<string, ValueTest>> = {
  defined: { params: [], required: 0, seesMissing: true, run: (value) => !(value instanceof Missing) },
  undefined: { params: [], required: 0, seesMissing: true, run: (value) => value instanceof Missing },
  none: {
    params: [],
    required: 0,
    seesMissing: true,
    run: (value) => {
      if (value instanceof Missing && !value.asNone) throw value.error();
      return isNone(value);
    },
  },
  true: plain((value) => value === true),
  false: plain((value) => value === false),
  boolean: plain((value) => typeof value === 'boolean'),
  string: plain((value) => typeof value === 'string'),
  number: plain((value) => kindOf(value) === 'number'),
  integer: plain((value) => typeof value === 'bigint' || Number.isInteger(value)),
  float: plain((value) => typeof value === 'number' && !Number.isInteger(value)),
  mapping: plain((value) => kindOf(value) === 'dict'),
  sequence: plain((value) => ['list', 'text', 'dict'].includes(kindOf(value))),
  iterable: plain((value) => ['list', 'text', 'dict'].includes(kindOf(value))),
  even: plain((value) => asNumber('The value', value) % 2 === 0),
  odd: plain((value) => Math.abs(asNumber('The value', value) % 2) === 1),
  divisibleby: { params: ['num'], required: 1, run: (value, [by]) => asNumber('The value', value) % asNumber('num', by) === 0 },
  lower: plain((value) => typeof value === 'string' && value === value.toLowerCase() && value !== value.toUpperCase()),
  upper: plain((value) => typeof value === 'string' && value === value.toUpperCase() && value !== value.toLowerCase()),
  in: comparing('in'),
  eq: comparing('=='),
  equalto: comparing('=='),
  '==': comparing('=='),
  ne: comparing('!='),
  '!=': comparing('!='),
  lt: comparing('<'),
  lessthan: comparing('<'),
  '<': comparing('<'),
  le: comparing('<='),
  '<=': comparing('<='),
  gt: comparing('>'),
  greaterthan: comparing('>'),
  '>': comparing('>'),
  ge: comparing('>='),
  '>=': comparing('>='),
};
