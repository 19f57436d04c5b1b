/** Expressions, with Jinja's grammar and precedence. One function per level, loosest first. */
import type { BinaryOperator, CompareOperator, Expression } from './ast.ts';
import { parsePrimary, parseSuffixes } from './parse-primary.ts';
import type { TokenReader } from './token-reader.ts';

/** `a if b else c`. Throws TemplateError. */
export function parseExpression(reader: TokenReader): Expression {
  return reader.within(() => {
    let value = parseOr(reader);
    while (reader.is('name', 'if')) {
      const { at } = reader.next();
      reader.link();
      const test = parseOr(reader);
      const no = reader.take('name', 'else') ? parseExpression(reader) : null;
      value = { type: 'ternary', at, test, yes: value, no };
    }
    return value;
  });
}

/** Without `if … else`: the list of a loop, whose `if` is the loop's filter. */
export function parseOr(reader: TokenReader): Expression {
  let left = parseAnd(reader);
  while (reader.is('name', 'or')) {
    const { at } = reader.next();
    reader.link();
    left = { type: 'logic', at, operator: 'or', left, right: parseAnd(reader) };
  }
  return left;
}

function parseAnd(reader: TokenReader): Expression {
  let left = parseNot(reader);
  while (reader.is('name', 'and')) {
    const { at } = reader.next();
    reader.link();
    left = { type: 'logic', at, operator: 'and', left, right: parseNot(reader) };
  }
  return left;
}

function parseNot(reader: TokenReader): Expression {
  if (!reader.is('name', 'not')) return parseCompare(reader);
  const { at } = reader.next();
  reader.link();
  return reader.within(() => ({ type: 'unary', at, operator: 'not', operand: parseNot(reader) }));
}

const COMPARISONS = ['==', '!=', '<', '<=', '>', '>='];

function parseCompare(reader: TokenReader): Expression {
  const { at } = reader;
  const left = parseBinary(reader, 0);
  const rest: { operator: CompareOperator; right: Expression }[] = [];
  for (;;) {
    const operator = takeComparison(reader);
    if (operator === null) return rest.length === 0 ? left : { type: 'compare', at, left, rest };
    reader.link();
    rest.push({ operator, right: parseBinary(reader, 0) });
  }
}

function takeComparison(reader: TokenReader): CompareOperator | null {
  if (reader.is('operator', ...COMPARISONS)) return reader.next().text as CompareOperator;
  if (reader.take('name', 'in')) return 'in';
  if (!reader.is('name', 'not') || !reader.followedBy('name', 'in')) return null;
  reader.next();
  reader.next();
  return 'not in';
}

/** Jinja binds `~` tighter than `+`. */
const LEVELS: readonly (readonly BinaryOperator[])[] = [['+', '-'], ['~'], ['*', '/', '//', '%'], ['**']];

function parseBinary(reader: TokenReader, level: number): Expression {
  const operators = LEVELS[level];
  if (operators === undefined) return parseUnary(reader, true);
  let left = parseBinary(reader, level + 1);
  while (reader.is('operator', ...operators)) {
    const { at, text } = reader.next();
    reader.link();
    left = { type: 'binary', at, operator: text as BinaryOperator, left, right: parseBinary(reader, level + 1) };
  }
  return left;
}

/** Filters and tests follow the sign: `-1 | abs` is 1. */
function parseUnary(reader: TokenReader, filters: boolean): Expression {
  const { at } = reader;
  let value: Expression;
  if (reader.is('operator', '-', '+')) {
    const operator = reader.next().text as '-' | '+';
    reader.link();
    value = reader.within(() => ({ type: 'unary', at, operator, operand: parseUnary(reader, false) }));
  } else value = parsePrimary(reader, parseExpression);
  return parseSuffixes(reader, value, filters, parseExpression);
}
