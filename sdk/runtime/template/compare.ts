/** Equality, order and membership. */
import type { CompareOperator } from './ast.ts';
import { Instant } from './instant.ts';
import { type Budget, TEMPLATE_LIMITS } from './limits.ts';
import { Span } from './span.ts';
import { TemplateError } from './template-error.ts';
import { type Dict, describe, isDict, Missing, ownValue, present, type Value, wrap } from './values.ts';

export function compare(operator: CompareOperator, left: Value, right: Value, budget: Budget): boolean {
  switch (operator) {
    case '==':
      return equal(left, right, budget);
    case '!=':
      return !equal(left, right, budget);
    case 'in':
      return contains(right, left, budget);
    case 'not in':
      return !contains(right, left, budget);
    case '<':
      return order(left, right, budget) < 0;
    case '<=':
      return order(left, right, budget) <= 0;
    case '>':
      return order(left, right, budget) > 0;
    case '>=':
      return order(left, right, budget) >= 0;
  }
}

/** By content, at any depth. As in Python, `1 == true`. */
export function equal(left: Value, right: Value, budget: Budget, depth = 0): boolean {
  budget.step();
  if (depth > TEMPLATE_LIMITS.valueDepth)
    throw new TemplateError(`Values nested deeper than ${TEMPLATE_LIMITS.valueDepth} levels cannot be compared.`);
  const a = settled(left);
  const b = settled(right);
  if (a === b) return true;
  if (isNumeric(a) && isNumeric(b)) return Number(a) === Number(b);
  if (a instanceof Instant && b instanceof Instant) return a.ms === b.ms && a.isDay === b.isDay;
  if (a instanceof Span && b instanceof Span) return a.ms === b.ms;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => equal(wrap(item), wrap(b[index]), budget, depth + 1));
  return isDict(a) && isDict(b) && equalDicts(a, b, budget, depth);
}

function equalDicts(a: Dict, b: Dict, budget: Budget, depth: number): boolean {
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => {
    const other = ownValue(b, key);
    return other !== undefined && equal(ownValue(a, key) ?? null, other, budget, depth + 1);
  });
}

function settled(value: Value): Value {
  return value instanceof Missing && value.asNone ? null : present(value);
}

function isNumeric(value: Value): value is number | bigint | boolean {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
}

/** Below, equal, above: -1, 0, 1. Throws TemplateError for kinds that have no order. */
export function order(left: Value, right: Value, budget: Budget, depth = 0): number {
  budget.step();
  if (isNumeric(left) && isNumeric(right)) return sign(Number(left), Number(right));
  if (typeof left === 'string' && typeof right === 'string') return sign(left, right);
  if (left instanceof Instant && right instanceof Instant) return sign(left.ms, right.ms);
  if (left instanceof Span && right instanceof Span) return sign(left.ms, right.ms);
  if (Array.isArray(left) && Array.isArray(right) && depth < TEMPLATE_LIMITS.valueDepth) {
    for (let index = 0; index < Math.min(left.length, right.length); index++) {
      const found = order(wrap(left[index]), wrap(right[index]), budget, depth + 1);
      if (found !== 0) return found;
    }
    return sign(left.length, right.length);
  }
  const hint =
    left instanceof Instant || right instanceof Instant ? ' Make a date of a text with macros.datetime.fromisoformat(text).' : '';
  throw new TemplateError(`${describe(left)} and ${describe(right)} cannot be ordered.${hint}`);
}

function sign<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function contains(holder: Value, value: Value, budget: Budget): boolean {
  present(value);
  if (Array.isArray(holder)) return holder.some((item) => equal(wrap(item), value, budget));
  if (typeof holder === 'string') {
    if (typeof value !== 'string') throw new TemplateError(`A text can only contain a text, not ${describe(value)}.`);
    budget.textOf(holder.length);
    return holder.includes(value);
  }
  if (isDict(holder)) return ownValue(holder, String(value as string)) !== undefined;
  throw new TemplateError(`"in" looks into lists, dicts and texts, not into ${describe(holder)}.`);
}
