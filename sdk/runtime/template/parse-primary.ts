/** The tightest parts of an expression: literals, names, brackets, and what follows them. */
import type { Argument, Expression } from './ast.ts';
import { RAW_HINT } from './template-error.ts';
import type { TokenReader } from './token-reader.ts';

/** Handed down, so that the two halves of the grammar need not import each other. */
type Parse = (reader: TokenReader) => Expression;

const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);
const KEYWORDS = new Set(['if', 'else', 'elif', 'and', 'or', 'not', 'in', 'is', 'for', 'endif', 'endfor']);

export function parsePrimary(reader: TokenReader, parse: Parse): Expression {
  const token = reader.next();
  const { at, text } = token;
  switch (token.type) {
    case 'number':
      return { type: 'literal', at, value: Number(text) };
    case 'string': {
      // As in Python, texts side by side are one.
      let value = text;
      while (reader.token.type === 'string') value += reader.next().text;
      return { type: 'literal', at, value };
    }
    case 'name':
      if (KEYWORDS.has(text)) throw reader.fail(`Expected a value, but found ${text}.`, at);
      return CONSTANTS.has(text) ? { type: 'literal', at, value: CONSTANTS.get(text) ?? null } : { type: 'name', at, name: text };
    case 'operator':
      if (text === '(') return parseParenthesis(reader, at, parse);
      if (text === '[') return { type: 'list', at, items: parseItems(reader, ']', parse) };
      if (text === '{') return parseDict(reader, at, parse);
      // `{{.Names}}` of docker and Go.
      throw reader.fail(`Expected a value, but found ${text}.${text === '.' ? ` ${RAW_HINT}` : ''}`, at);
    case 'end':
      throw reader.fail(`Expected a value before ${text}.`, at);
  }
}

/** `(a)` is a; `(a, b)` and `()` are lists. */
function parseParenthesis(reader: TokenReader, at: number, parse: Parse): Expression {
  if (reader.take('operator', ')')) return { type: 'list', at, items: [] };
  const first = parse(reader);
  if (reader.take('operator', ')')) return first;
  reader.expect('operator', ',', 'or ) here');
  return { type: 'list', at, items: [first, ...parseItems(reader, ')', parse)] };
}

function parseItems(reader: TokenReader, closing: string, parse: Parse): Expression[] {
  const items: Expression[] = [];
  while (!reader.take('operator', closing)) {
    items.push(parse(reader));
    if (!reader.is('operator', closing)) reader.expect('operator', ',', `or ${closing} here`);
  }
  return items;
}

function parseDict(reader: TokenReader, at: number, parse: Parse): Expression {
  const entries: [Expression, Expression][] = [];
  while (!reader.take('operator', '}')) {
    const key = parse(reader);
    reader.expect('operator', ':', 'after the key');
    entries.push([key, parse(reader)]);
    if (!reader.is('operator', '}')) reader.expect('operator', ',', 'or } here');
  }
  return { type: 'dict', at, entries };
}

/** `.name`, `[key]`, `(…)`, then, when allowed, `| filter` and `is test`. */
export function parseSuffixes(reader: TokenReader, start: Expression, filters: boolean, parse: Parse): Expression {
  let value = start;
  for (;;) {
    const { at } = reader;
    if (reader.take('operator', '.')) value = parseAttribute(reader, value, at, parse);
    else if (reader.take('operator', '[')) value = parseItem(reader, value, at, parse);
    else if (reader.take('operator', '(')) value = parseCall(reader, value, at, parse);
    else if (filters && reader.take('operator', '|')) value = parseFilter(reader, value, parse);
    else if (filters && reader.take('name', 'is')) value = parseTest(reader, value, parse);
    else return value;
    reader.link();
  }
}

function parseAttribute(reader: TokenReader, object: Expression, at: number, parse: Parse): Expression {
  // Jinja reads `list.0` as `list[0]`.
  if (reader.token.type === 'number') {
    const key = parsePrimary(reader, parse);
    return { type: 'item', at, object, key };
  }
  return { type: 'attribute', at: reader.at, object, name: reader.expectName('a name after the dot') };
}

function parseItem(reader: TokenReader, object: Expression, at: number, parse: Parse): Expression {
  const part = () => (reader.is('operator', ':', ']') ? null : parse(reader));
  const start = part();
  if (start !== null && reader.take('operator', ']')) return { type: 'item', at, object, key: start };
  reader.expect('operator', ':', 'or ] after the index');
  const stop = part();
  const step = reader.take('operator', ':') ? part() : null;
  reader.expect('operator', ']', 'after the slice');
  return { type: 'slice', at, object, start, stop, step };
}

function parseCall(reader: TokenReader, callee: Expression, at: number, parse: Parse): Expression {
  if (callee.type === 'name') return { type: 'call', at: callee.at, object: null, name: callee.name, args: parseArguments(reader, parse) };
  if (callee.type === 'attribute')
    return { type: 'call', at: callee.at, object: callee.object, name: callee.name, args: parseArguments(reader, parse) };
  throw reader.fail('Only functions and methods can be called, by their names.', at);
}

/** Behind the opening bracket, up to and with the closing one. */
function parseArguments(reader: TokenReader, parse: Parse): Argument[] {
  const args: Argument[] = [];
  while (!reader.take('operator', ')')) {
    if (reader.token.type === 'name' && reader.followedBy('operator', '=')) {
      const name = reader.next().text;
      reader.next();
      args.push({ name, value: parse(reader) });
    } else if (args.some((argument) => argument.name !== null)) throw reader.fail('An argument without a name follows one with a name.');
    else args.push({ name: null, value: parse(reader) });
    if (!reader.is('operator', ')')) reader.expect('operator', ',', 'or ) here');
  }
  return args;
}

function parseFilter(reader: TokenReader, target: Expression, parse: Parse): Expression {
  const { at } = reader;
  const name = reader.expectName('the name of a filter after |');
  const args = reader.take('operator', '(') ? parseArguments(reader, parse) : [];
  return { type: 'filter', at, target, name, args };
}

function parseTest(reader: TokenReader, target: Expression, parse: Parse): Expression {
  const negated = reader.take('name', 'not');
  const { at } = reader;
  const comparison = reader.is('operator', '==', '!=', '<', '<=', '>', '>=');
  // `is in [1, 2]` and `is not none` use words that are operators elsewhere.
  const name = comparison || reader.is('name', 'in') ? reader.next().text : reader.expectName('the name of a test after is');
  const args = reader.take('operator', '(') ? parseArguments(reader, parse) : parseBareArgument(reader, parse);
  return { type: 'test', at, target, name, args, negated };
}

/** `x is divisibleby 3`: one argument without brackets. */
function parseBareArgument(reader: TokenReader, parse: Parse): Argument[] {
  const { type } = reader.token;
  const begins =
    type === 'number' || type === 'string' || reader.is('operator', '[', '{') || (type === 'name' && !KEYWORDS.has(reader.token.text));
  if (!begins) return [];
  return [{ name: null, value: parseSuffixes(reader, parsePrimary(reader, parse), false, parse) }];
}
