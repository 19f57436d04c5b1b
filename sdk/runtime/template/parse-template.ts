/** Statements: turns the segments of a template into a tree. */
import { closest } from '#core/did-you-mean.ts';
import type { Expression, Statement, Template } from './ast.ts';
import { readSegments, type Segment } from './lexer.ts';
import { TEMPLATE_LIMITS } from './limits.ts';
import { parseExpression, parseOr } from './parse-expression.ts';
import { TemplateError } from './template-error.ts';
import { TokenReader } from './token-reader.ts';

/** Throws TemplateError with the place of the first mistake. */
export function parseTemplate(source: string): Template {
  return { source, body: new Parser(source).parse() };
}

const STATEMENTS = ['if', 'for', 'set', 'raw'];
/** Jinja's, and why they are not here. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['include', 'import', 'from', 'extends', 'block'].map((name) => [
      name,
      'Templates cannot read files. Put the text into a constant of the DAG file.',
    ]),
  ),
  ...Object.fromEntries(
    ['macro', 'call', 'do', 'with', 'filter', 'autoescape', 'trans', 'break', 'continue'].map((name) => [
      name,
      'Compute it in a task, or in a macro of a plugin.',
    ]),
  ),
};

/** The statement that ended a body: its keyword, and its tokens behind it. */
interface Ending {
  readonly keyword: string;
  readonly reader: TokenReader;
}

class Parser {
  readonly #source: string;
  readonly #segments: readonly Segment[];
  #index = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#segments = readSegments(source);
  }

  parse(): readonly Statement[] {
    return this.#body([], 0, 'the template').statements;
  }

  /** Reads up to one of `endings`; with none, up to the end of the source. */
  #body(endings: readonly string[], openedAt: number, opened: string): { statements: Statement[]; ending: Ending | null } {
    this.#depth += 1;
    if (this.#depth > TEMPLATE_LIMITS.depth)
      throw new TemplateError(`Statements are nested deeper than ${TEMPLATE_LIMITS.depth} levels.`).locate(this.#source, openedAt);
    const statements: Statement[] = [];
    for (;;) {
      const segment = this.#segments[this.#index++];
      if (segment === undefined) {
        if (endings.length > 0) throw new TemplateError(`{% ${opened} %} has no {% ${endings.at(-1)} %}.`).locate(this.#source, openedAt);
        return { statements, ending: null };
      }
      if (segment.kind === 'text') {
        statements.push({ type: 'text', at: segment.at, text: segment.text });
        continue;
      }
      const reader = new TokenReader(this.#source, segment.tokens);
      if (segment.kind === 'output') {
        statements.push({ type: 'output', at: segment.at, value: parseExpression(reader) });
        reader.expectEnd('the expression');
        continue;
      }
      const keyword = reader.expectName('a statement after {%');
      if (endings.includes(keyword)) {
        this.#depth -= 1;
        return { statements, ending: { keyword, reader } };
      }
      statements.push(this.#statement(keyword, reader, segment.at));
    }
  }

  #statement(keyword: string, reader: TokenReader, at: number): Statement {
    switch (keyword) {
      case 'if':
        return this.#if(reader, at);
      case 'for':
        return this.#for(reader, at);
      case 'set':
        return this.#set(reader, at);
      default:
        throw new TemplateError(explainKeyword(keyword)).locate(this.#source, at);
    }
  }

  #if(first: TokenReader, at: number): Statement {
    const branches: { test: Expression; body: readonly Statement[] }[] = [];
    let reader = first;
    for (;;) {
      const test = parseExpression(reader);
      reader.expectEnd('the condition');
      const { statements, ending } = this.#body(['elif', 'else', 'endif'], at, 'if');
      branches.push({ test, body: statements });
      if (ending?.keyword === 'elif') {
        reader = ending.reader;
        continue;
      }
      ending?.reader.expectEnd(ending.keyword);
      return { type: 'if', at, branches, otherwise: ending?.keyword === 'else' ? this.#last('endif', at, 'if') : [] };
    }
  }

  #for(reader: TokenReader, at: number): Statement {
    const targets = readTargets(reader);
    reader.expect('name', 'in', 'after the name of the loop');
    const over = parseOr(reader);
    const filter = reader.take('name', 'if') ? parseExpression(reader) : null;
    if (reader.is('name', 'recursive')) throw reader.fail('Recursive loops are not available. Flatten the data in a task.');
    reader.expectEnd('the list');
    const { statements, ending } = this.#body(['else', 'endfor'], at, 'for');
    ending?.reader.expectEnd(ending.keyword);
    const otherwise = ending?.keyword === 'else' ? this.#last('endfor', at, 'for') : [];
    return { type: 'for', at, targets, over, filter, body: statements, otherwise };
  }

  /** `{% set a = 1 %}`, `{% set a, b = list %}` or `{% set a %}text{% endset %}`. */
  #set(reader: TokenReader, at: number): Statement {
    const targets = readTargets(reader);
    if (reader.is('operator', '.')) throw reader.fail("Only plain names can be set. Jinja's namespace() is not available.");
    if (reader.take('operator', '=')) {
      const value = parseExpression(reader);
      reader.expectEnd('the value');
      return { type: 'set', at, targets, value };
    }
    reader.expectEnd('the name');
    if (targets.length > 1) throw reader.fail('A {% set %} block takes one name.');
    return { type: 'set_block', at, target: targets[0] as string, body: this.#last('endset', at, 'set') };
  }

  #last(ending: string, at: number, opened: string): readonly Statement[] {
    const body = this.#body([ending], at, opened);
    body.ending?.reader.expectEnd(ending);
    return body.statements;
  }
}

function readTargets(reader: TokenReader): readonly string[] {
  const bracket = reader.take('operator', '(');
  const names = [reader.expectName('a name')];
  while (reader.take('operator', ',')) names.push(reader.expectName('a name'));
  if (bracket) reader.expect('operator', ')', 'after the names');
  return names;
}

function explainKeyword(keyword: string): string {
  const reason = Object.hasOwn(LEFT_OUT, keyword) ? LEFT_OUT[keyword] : undefined;
  if (reason !== undefined) return `{% ${keyword} %} is not available. ${reason}`;
  if (/^(end|else$|elif$)/.test(keyword)) return `{% ${keyword} %} ends nothing that is open here.`;
  const near = closest(keyword, STATEMENTS);
  return `{% ${keyword} %} is unknown.${near === null ? '' : ` Did you mean {% ${near} %}?`} Known: ${STATEMENTS.join(', ')}.`;
}
