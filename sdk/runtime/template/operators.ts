/** Arithmetic, with Python's meaning where JavaScript's differs. */
import type { BinaryOperator } from './ast.ts';
import { Instant } from './instant.ts';
import type { Budget } from './limits.ts';
import { textOf } from './show.ts';
import { Span } from './span.ts';
import { TemplateError } from './template-error.ts';
import { describe, type Value } from './values.ts';

/** Throws TemplateError for kinds that do not fit. */
export function calculate(operator: BinaryOperator, left: Value, right: Value, budget: Budget): Value {
  if (operator === '~') return joined(textOf(left, budget), textOf(right, budget), budget);
  if (typeof left === 'number' && typeof right === 'number') return finite(NUMBERS[operator](left, right));
  const result = OTHERS[operator]?.(left, right, budget);
  if (result !== undefined) return result;
  throw new TemplateError(`${operator} does not work on ${describe(left)} and ${describe(right)}.${hintOf(operator, left, right)}`);
}

function hintOf(operator: BinaryOperator, left: Value, right: Value): string {
  if (operator === '%' && typeof left === 'string') return ' Put texts together with ~.';
  if (operator === '+' && (typeof left === 'string' || typeof right === 'string'))
    return ' Put texts together with ~, or make numbers of them with | int.';
  if (operator === '+' && (left instanceof Instant || right instanceof Instant)) return ' Add a duration: + macros.timedelta(days=1).';
  return '';
}

function divisor(value: number): number {
  if (value === 0) throw new TemplateError('Division by zero.');
  return value;
}

const NUMBERS: Readonly<Record<Exclude<BinaryOperator, '~'>, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / divisor(b),
  '//': (a, b) => Math.floor(a / divisor(b)),
  // The sign is the divisor's.
  '%': (a, b) => a - divisor(b) * Math.floor(a / b),
  '**': (a, b) => a ** b,
};

function finite(value: number): number {
  if (Number.isFinite(value)) return value;
  throw new TemplateError('The result is no number, or too large for one.');
}

type Other = (left: Value, right: Value, budget: Budget) => Value | undefined;

/** What else than numbers an operator takes; undefined = nothing like this. */
const OTHERS: Readonly<Partial<Record<BinaryOperator, Other>>> = {
  '+': (left, right, budget) => {
    if (typeof left === 'string' && typeof right === 'string') return joined(left, right, budget);
    if (left instanceof Span && right instanceof Span) return new Span(left.ms + right.ms);
    if (left instanceof Instant && right instanceof Span) return moved(left, right.ms);
    if (left instanceof Span && right instanceof Instant) return moved(right, left.ms);
    if (!Array.isArray(left) || !Array.isArray(right)) return undefined;
    budget.listOf(left.length + right.length);
    return [...left, ...right];
  },
  '-': (left, right) => {
    if (left instanceof Instant && right instanceof Instant) return new Span(left.ms - right.ms);
    if (left instanceof Instant && right instanceof Span) return moved(left, -right.ms);
    return left instanceof Span && right instanceof Span ? new Span(left.ms - right.ms) : undefined;
  },
  '*': (left, right, budget) => {
    if (typeof left === 'number') return typeof right === 'number' ? undefined : OTHERS['*']?.(right, left, budget);
    if (typeof right !== 'number') return undefined;
    if (left instanceof Span) return new Span(finite(left.ms * right));
    if (typeof left !== 'string' && !Array.isArray(left)) return undefined;
    if (!Number.isSafeInteger(right)) throw new TemplateError('A text or a list can only be repeated a whole number of times.');
    const times = Math.max(0, right);
    if (typeof left === 'string') {
      budget.textOf(left.length * times);
      return left.repeat(times);
    }
    budget.listOf(left.length * times);
    return Array.from({ length: times }, () => left as readonly unknown[]).flat();
  },
  '/': (left, right) => {
    if (left instanceof Span && right instanceof Span) return left.ms / divisor(right.ms);
    return left instanceof Span && typeof right === 'number' ? new Span(left.ms / divisor(right)) : undefined;
  },
};

function moved(instant: Instant, ms: number): Instant {
  return instant.isDay ? instant.plus({ days: Math.floor(ms / 86_400_000) }) : new Instant(instant.ms + ms, instant.zone);
}

function joined(left: string, right: string, budget: Budget): string {
  budget.textOf(left.length + right.length);
  return left + right;
}
