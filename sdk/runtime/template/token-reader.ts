/** Walks over the tokens of one `{{ … }}` or `{% … %}`; counts what would make the tree too deep. */
import { TEMPLATE_LIMITS } from './limits.ts';
import { TemplateError } from './template-error.ts';
import type { Token } from './tokens.ts';

export class TokenReader {
  readonly source: string;
  readonly #tokens: readonly Token[];
  #index = 0;
  #depth = 0;
  #links = 0;

  constructor(source: string, tokens: readonly Token[]) {
    this.source = source;
    this.#tokens = tokens;
  }

  get token(): Token {
    return this.#tokens[this.#index] as Token;
  }

  get at(): number {
    return this.token.at;
  }

  is(type: 'name' | 'operator', ...texts: readonly string[]): boolean {
    return this.token.type === type && texts.includes(this.token.text);
  }

  followedBy(type: Token['type'], text: string): boolean {
    const next = this.#tokens[this.#index + 1];
    return next?.type === type && next.text === text;
  }

  next(): Token {
    const { token } = this;
    if (token.type !== 'end') this.#index += 1;
    return token;
  }

  /** Takes the token when it is this one. */
  take(type: 'name' | 'operator', text: string): boolean {
    if (!this.is(type, text)) return false;
    this.next();
    return true;
  }

  expect(type: 'name' | 'operator', text: string, why: string): void {
    if (!this.take(type, text)) throw this.fail(`Expected ${text} ${why}, but found ${this.shown}.`);
  }

  expectName(what: string): string {
    if (this.token.type !== 'name') throw this.fail(`Expected ${what}, but found ${this.shown}.`);
    return this.next().text;
  }

  expectEnd(what: string): void {
    if (this.token.type !== 'end') throw this.fail(`Expected ${this.#tokens.at(-1)?.text} after ${what}, but found ${this.shown}.`);
  }

  get shown(): string {
    const { type, text } = this.token;
    return type === 'end' ? `the end ${text}` : type === 'string' ? `the text ${JSON.stringify(text.slice(0, 40))}` : text;
  }

  fail(problem: string, at = this.at): TemplateError {
    return new TemplateError(problem).locate(this.source, at);
  }

  within<R>(read: () => R): R {
    this.#depth += 1;
    if (this.#depth > TEMPLATE_LIMITS.depth) throw this.fail(`Brackets are nested deeper than ${TEMPLATE_LIMITS.depth} levels.`);
    const result = read();
    this.#depth -= 1;
    return result;
  }

  /** Long chains (`a + a + …`) make deep trees, too. */
  link(): void {
    this.#links += 1;
    if (this.#links > TEMPLATE_LIMITS.links)
      throw this.fail(`The expression has more than ${TEMPLATE_LIMITS.links} parts. Split it with {% set … %}.`);
  }
}
