/** Runs the statements of a template and collects its text. */
import type { Statement, Template } from './ast.ts';
import { asTemplateError, evaluate, type Rendering } from './interpret.ts';
import { Budget, TEMPLATE_LIMITS } from './limits.ts';
import { plainOf } from './macros.ts';
import { type Globals, Scope } from './scope.ts';
import { iterate } from './sequence.ts';
import { textOf } from './show.ts';
import { TemplateError } from './template-error.ts';
import { Missing, Namespace, present, truthy, type Value, wrap } from './values.ts';

/** Throws TemplateError, or the Signal that a value of `globals` threw. */
export function render(template: Template, globals: Globals): string {
  const renderer = new Renderer(template.source);
  try {
    renderer.body(template.body, new Scope(globals));
    return renderer.text;
  } catch (error) {
    throw asTemplateError(error, template.source, 0);
  }
}

/** The value of a template that is one expression (`{{ rows }}`); the text of any other. */
export function renderNative(template: Template, globals: Globals): unknown {
  const [only, ...others] = template.body;
  if (only?.type !== 'output' || others.length > 0) return render(template, globals);
  const rendering = { source: template.source, budget: new Budget() };
  const value = plainOf(present(evaluate(only.value, new Scope(globals), rendering)));
  // What has no plain value (`ti`, `conn.x`) is shown as text.
  return value instanceof Namespace ? render(template, globals) : value;
}

class Renderer {
  readonly #rendering: Rendering;
  #pieces: string[] = [];
  #chars = 0;

  constructor(source: string) {
    this.#rendering = { source, budget: new Budget() };
  }

  get text(): string {
    return this.#pieces.join('');
  }

  body(statements: readonly Statement[], scope: Scope): void {
    for (const statement of statements) {
      this.#rendering.budget.step();
      try {
        this.#run(statement, scope);
      } catch (error) {
        throw error instanceof TemplateError ? error.locate(this.#rendering.source, statement.at) : error;
      }
    }
  }

  #run(statement: Statement, scope: Scope): void {
    switch (statement.type) {
      case 'text':
        this.#write(statement.text);
        return;
      case 'output':
        this.#write(textOf(present(evaluate(statement.value, scope, this.#rendering)), this.#rendering.budget));
        return;
      case 'if': {
        const taken = statement.branches.find(({ test }) => truthy(evaluate(test, scope, this.#rendering)));
        this.body(taken?.body ?? statement.otherwise, scope);
        return;
      }
      case 'for':
        this.#loop(statement, scope);
        return;
      case 'set':
        assign(statement.targets, present(evaluate(statement.value, scope, this.#rendering)), scope, this.#rendering);
        return;
      case 'set_block':
        scope.set(statement.target, this.#captured(statement.body, scope));
        return;
    }
  }

  #loop(statement: Statement & { type: 'for' }, scope: Scope): void {
    const { targets, over, filter, body, otherwise } = statement;
    const { budget } = this.#rendering;
    let items = iterate(evaluate(over, scope, this.#rendering), budget);
    if (filter !== null)
      items = items.filter((item) => {
        const inner = scope.inner();
        assign(targets, wrap(item), inner, this.#rendering);
        return truthy(evaluate(filter, inner, this.#rendering));
      });
    if (items.length === 0) this.body(otherwise, scope);
    for (const [index, item] of items.entries()) {
      budget.step();
      const inner = scope.inner();
      inner.set('loop', loopAt(items, index));
      assign(targets, wrap(item), inner, this.#rendering);
      this.body(body, inner);
    }
  }

  #captured(body: readonly Statement[], scope: Scope): string {
    const outer = { pieces: this.#pieces, chars: this.#chars };
    this.#pieces = [];
    this.body(body, scope.inner());
    const text = this.text;
    this.#pieces = outer.pieces;
    this.#chars = outer.chars;
    return text;
  }

  #write(text: string): void {
    this.#chars += text.length;
    if (this.#chars > TEMPLATE_LIMITS.outputChars)
      throw new TemplateError(`The template makes more than ${TEMPLATE_LIMITS.outputChars} characters. Write large texts to a file.`);
    this.#pieces.push(text);
  }
}

function assign(targets: readonly string[], value: Value, scope: Scope, { budget }: Rendering): void {
  if (targets.length === 1) {
    scope.set(targets[0] as string, value);
    return;
  }
  const items = iterate(value, budget);
  if (items.length !== targets.length)
    throw new TemplateError(`There are ${targets.length} names (${targets.join(', ')}) for ${items.length} values.`);
  for (const [index, name] of targets.entries()) scope.set(name, wrap(items[index]));
}

function loopAt(items: readonly unknown[], index: number): Namespace {
  const neighbour = (at: number) => () =>
    at >= 0 && at < items.length
      ? items[at]
      : new Missing(() => new TemplateError('There is no element before the first or after the last.'));
  return new Namespace('loop', {
    values: {
      index: () => index + 1,
      index0: () => index,
      revindex: () => items.length - index,
      revindex0: () => items.length - index - 1,
      first: () => index === 0,
      last: () => index === items.length - 1,
      length: () => items.length,
      previtem: neighbour(index - 1),
      nextitem: neighbour(index + 1),
    },
    methods: {
      cycle: { params: ['first'], required: 1, rest: true, run: (...choices) => choices[index % choices.length] },
    },
  });
}
