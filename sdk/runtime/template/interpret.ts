/** Computes expressions. The only place that calls anything, and only what stands in a table. */
import { isAppError } from '#core/errors.ts';
import { partOf, slice } from './access.ts';
import { bindArguments, type GivenArgument } from './arguments.ts';
import type { Argument, Expression } from './ast.ts';
import { compare } from './compare.ts';
import type { Budget } from './limits.ts';
import { asFunction, METHODS } from './methods.ts';
import { calculate } from './operators.ts';
import type { Scope } from './scope.ts';
import { Signal } from './signal.ts';
import { Span } from './span.ts';
import { TemplateError } from './template-error.ts';
import { VALUE_TESTS } from './value-tests.ts';
import {
  describe,
  dictOf,
  type Fn,
  kindOf,
  Missing,
  Namespace,
  ownValue,
  present,
  truthy,
  unknownName,
  type Value,
  wrap,
} from './values.ts';

export interface Rendering {
  readonly source: string;
  readonly budget: Budget;
}

/** Throws TemplateError with the place of the innermost part that failed. */
export function evaluate(node: Expression, scope: Scope, rendering: Rendering): Value {
  try {
    rendering.budget.step();
    return evaluateNode(node, scope, rendering);
  } catch (error) {
    if (error instanceof TemplateError) throw error.locate(rendering.source, node.at);
    throw asTemplateError(error, rendering.source, node.at);
  }
}

/** What is no business of the template's (a signal, a database that is away) stays as it is. */
export function asTemplateError(error: unknown, source: string, offset: number): unknown {
  if (error instanceof Signal || isAppError(error)) return error;
  const problem =
    error instanceof RangeError
      ? 'The template is too large or too deep to be computed.'
      : `It could not be computed: ${error instanceof Error ? error.message : 'something threw'}`;
  return new TemplateError(problem, { cause: error }).locate(source, offset);
}

function evaluateNode(node: Expression, scope: Scope, rendering: Rendering): Value {
  const value = (part: Expression) => evaluate(part, scope, rendering);
  const { budget } = rendering;
  switch (node.type) {
    case 'literal':
      return node.value;
    case 'name':
      return located(scope.get(node.name), node, rendering);
    case 'list':
      return node.items.map((item) => present(value(item)));
    case 'dict':
      return dictOf(node.entries.map(([key, item]) => [keyOf(value(key)), present(value(item))]));
    case 'attribute':
      return located(partOf(value(node.object), node.name), node, rendering);
    case 'item':
      return located(partOf(value(node.object), value(node.key)), node, rendering);
    case 'slice': {
      const bound = (part: Expression | null) => (part === null ? null : present(value(part)));
      return slice(value(node.object), [bound(node.start), bound(node.stop), bound(node.step)], budget);
    }
    case 'call':
      return call(node, scope, rendering);
    case 'filter':
      return applyNamed('filter', scope.filters, node, scope, rendering);
    case 'test':
      return applyNamed('test', VALUE_TESTS, node, scope, rendering) !== node.negated;
    case 'unary':
      return node.operator === 'not' ? !truthy(value(node.operand)) : signed(node.operator, value(node.operand));
    case 'binary':
      return calculate(node.operator, value(node.left), value(node.right), budget);
    case 'compare': {
      let left = value(node.left);
      for (const { operator, right } of node.rest) {
        const next = value(right);
        if (!compare(operator, left, next, budget)) return false;
        left = next;
      }
      return true;
    }
    case 'logic': {
      const left = value(node.left);
      return truthy(left) === (node.operator === 'and') ? value(node.right) : left;
    }
    case 'ternary':
      if (truthy(value(node.test))) return value(node.yes);
      // As in Jinja, an else that is not written is an empty text.
      return node.no === null ? '' : value(node.no);
  }
}

/** A missing value is complained of where it is used; the place is where it was asked for. */
function located(value: Value, node: Expression, { source }: Rendering): Value {
  if (!(value instanceof Missing)) return value;
  return new Missing(() => value.error().locate(source, node.at), value.asNone);
}

function keyOf(value: Value): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new TemplateError(`A key must be a text, not ${describe(value)}.`);
}

function signed(operator: '-' | '+', value: Value): Value {
  if (typeof value === 'number') return operator === '-' ? -value : value;
  if (value instanceof Span) return operator === '-' ? new Span(-value.ms) : value;
  throw new TemplateError(`A sign needs a number, not ${describe(value)}.`);
}

function argumentsOf(args: readonly Argument[], scope: Scope, rendering: Rendering): GivenArgument[] {
  return args.map(({ name, value }) => ({ name, value: present(evaluate(value, scope, rendering)) }));
}

function call(node: Expression & { type: 'call' }, scope: Scope, rendering: Rendering): Value {
  const object = node.object === null ? null : evaluate(node.object, scope, rendering);
  const fn = node.object === null ? scope.function(node.name) : methodOf(present(object), node.name, rendering.budget);
  const what =
    node.object === null || object instanceof Namespace
      ? `${object instanceof Namespace ? `${object.name}.` : ''}${node.name}`
      : `.${node.name}`;
  const self = node.object === null || object instanceof Namespace ? [] : [object];
  const bound = bindArguments(what, fn, argumentsOf(node.args, scope, rendering), self);
  return located(wrap(fn.run(...bound)), node, rendering);
}

function methodOf(object: Value, name: string, budget: Budget): Fn {
  if (object instanceof Namespace) {
    const own = Object.hasOwn(object.methods, name) ? object.methods[name] : undefined;
    if (own !== undefined) return own;
    present(object.get(name));
    throw unknownName(`${object.name}.${name} is no function`, name, Object.keys(object.methods));
  }
  const methods = METHODS[kindOf(object)] ?? {};
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method !== undefined) return asFunction(method, budget);
  const isValue = kindOf(object) === 'dict' && ownValue(object as never, name) !== undefined;
  throw isValue
    ? new TemplateError(`"${name}" is a value, not a function: remove the brackets behind it.`)
    : unknownName(`${describe(object)} has no function "${name.slice(0, 60)}"`, name, Object.keys(methods));
}

interface Named {
  readonly params: readonly string[];
  readonly required: number;
  readonly seesMissing?: true;
  readonly run: (value: Value, args: readonly (Value | undefined)[], budget: Budget) => unknown;
}

function applyNamed(
  kind: 'filter' | 'test',
  table: Readonly<Record<string, Named>>,
  node: Expression & { type: 'filter' | 'test' },
  scope: Scope,
  rendering: Rendering,
): Value {
  const found = Object.hasOwn(table, node.name) ? table[node.name] : undefined;
  if (found === undefined) throw unknownName(`There is no ${kind} "${node.name}"`, node.name, Object.keys(table));
  const target = evaluate(node.target, scope, rendering);
  if (!found.seesMissing) present(target);
  const what = `The ${kind} "${node.name}"`;
  const bound = bindArguments(what, { ...found, run: () => null }, argumentsOf(node.args, scope, rendering));
  return located(wrap(found.run(target, bound, rendering.budget)), node, rendering);
}
