/** Checks params, query and body against their zod schemas and answers as FastAPI does (loc, msg, type). */
import type { z } from 'zod';
import { unstorablePart } from '#core/storable.ts';

export interface FieldProblem {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  readonly type: string;
}

/** Becomes a 422. */
export class RequestInvalid extends Error {
  readonly problems: readonly FieldProblem[];

  constructor(problems: readonly FieldProblem[]) {
    super(problems.map((problem) => `${problem.loc.join('.')}: ${problem.msg}`).join('; '));
    this.name = 'RequestInvalid';
    this.problems = problems;
  }
}

export type Place = 'path' | 'query' | 'body';

/** Refuses what Postgres cannot hold: NUL, halves of surrogate pairs, what is nested without end. */
export function refuseUnstorable(place: Place, value: unknown): void {
  const wrong = unstorablePart(value);
  if (wrong !== null) throw new RequestInvalid([{ loc: [place], msg: wrong, type: 'value_error' }]);
}

/** Returns the parsed value, or throws RequestInvalid naming every wrong field. */
export function validate<T>(place: Place, schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RequestInvalid(parsed.error.issues.flatMap((issue) => fieldProblems(place, issue, value)));
}

/** A 422 about one field, for rules that no schema can say. */
export function invalidField(loc: readonly (string | number)[], msg: string): RequestInvalid {
  return new RequestInvalid([{ loc, msg, type: 'value_error' }]);
}

function fieldProblems(place: Place, issue: z.core.$ZodIssue, value: unknown): FieldProblem[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  const loc = [place, ...path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ loc: [...loc, key], msg: 'Extra inputs are not permitted', type: 'extra_forbidden' }));
  if (issue.code === 'invalid_type' && valueAt(value, issue.path) === undefined) return [{ loc, msg: 'Field required', type: 'missing' }];
  return [{ loc, msg: issue.message, type: TYPE_OF_ISSUE[issue.code] ?? 'value_error' }];
}

const TYPE_OF_ISSUE: Readonly<Record<string, string>> = {
  invalid_type: 'type_error',
  invalid_value: 'enum',
  invalid_format: 'string_pattern_mismatch',
  too_small: 'greater_than_equal',
  too_big: 'less_than_equal',
};

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const part of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[part];
  }
  return current;
}
