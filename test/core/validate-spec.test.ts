/** Goal: nothing that a stranger sends passes as a spec unless it is one. Method: good specs, and every field spoilt in turn. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseSpec, validateSpec } from '#core/validate-spec.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import ex1 from '../sdk/types/ex1.ts';
import ex2 from '../sdk/types/ex2.ts';

const problemsOf = (text: string) => {
  const parsed = parseSpec(text);
  return 'problems' in parsed ? parsed.problems.join('; ') : '';
};
const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as Record<string, never>;

test('what the sdk serialises passes', () => {
  for (const made of [ex1, ex2]) expect(validateSpec(plain(serialiseDag(made as never)))).toEqual([]);
});

/** Fields that a spec may lack. */
const OPTIONAL: ReadonlySet<string> = new Set(['output']);

describe('every field', () => {
  const spec = plain(serialiseDag(ex2 as never));
  for (const field of Object.keys(spec)) {
    test(`${field} is required and typed`, () => {
      const { [field]: _gone, ...without } = spec;
      if (!OPTIONAL.has(field)) expect(validateSpec(without)).not.toEqual([]);
      expect(validateSpec({ ...spec, [field]: Symbol('no JSON') })).not.toEqual([]);
    });
  }
  for (const field of Object.keys((spec['tasks'] as unknown as object[])[0] as object))
    test(`tasks[].${field} is required and typed`, () => {
      const [first, ...rest] = spec['tasks'] as unknown as Record<string, unknown>[];
      expect(validateSpec({ ...spec, tasks: [{ ...first, [field]: Symbol('no JSON') }, ...rest] })).not.toEqual([]);
    });
});

test.each([
  { kind: 'crons', expressions: ['0 6 * * *'], timezone: 'UTC', logicalDate: 'start' },
  { kind: 'cron', expression: '0 6 * * *', timezone: 'UTC' },
  { kind: 'events', instants: ['2026-01-01T00:00:00Z'] },
  { kind: 'delta', everyMs: 1_000, logicalDate: 'start' },
])('the schedule %j passes', (schedule) => {
  expect(validateSpec(plain(aDagSpec('d', [aTask('a')], { schedule: schedule as never, runImmediately: true, catchup: 'none' })))).toEqual(
    [],
  );
});

test.each([
  { kind: 'crons', expressions: [], timezone: 'UTC' },
  { kind: 'cron', expression: '0 6 * * *', timezone: 'UTC', logicalDate: 'end' },
  { kind: 'events', instants: ['soon'] },
  { kind: 'events', instants: ['2026-01-01T00:00:00Z'], more: 1 },
])('the schedule %j is refused', (schedule) => {
  expect(validateSpec(plain(aDagSpec('d', [aTask('a')], { schedule: schedule as never })))).not.toEqual([]);
});

test('an optional field of the wrong kind is refused', () => {
  expect(validateSpec(plain(aDagSpec('d', [aTask('a')], { runImmediately: 'yes' as never })))).not.toEqual([]);
  expect(validateSpec(plain(aDagSpec('d', [aTask('a')], { catchup: 'all' as never })))).not.toEqual([]);
});

test.each([
  ['a task that waits for nobody', aDagSpec('d', [aTask('a', { upstream: ['b'] })]), /a waits for b, which is no task/],
  ['a read without an edge', aDagSpec('d', [aTask('a'), aTask('b', { reads: ['a'] })]), /b reads a without waiting/],
  ['two tasks of one id', aDagSpec('d', [aTask('a'), aTask('a')]), /same id/],
  ['a cycle', aDagSpec('d', [aTask('a', { upstream: ['b'] }), aTask('b', { upstream: ['a'] })]), /cycle: (a > b > a|b > a > b)/],
  ['a group that does not exist', aDagSpec('d', [aTask('a', { groupId: 'g' })]), /group g, which does not exist/],
  ['a map that does not exist', aDagSpec('d', [aTask('a', { mapScope: 'm' })]), /map m, which does not exist/],
  ['a path as an id', aDagSpec('../etc', []), /dagId/],
  ['an unknown field', { ...aDagSpec('d', []), extra: 1 }, /unknown extra/],
])('%s is refused', (_name, spec, message) => {
  expect(validateSpec(plain(spec)).join('; ')).toMatch(message);
});

test('prototype keys and oversized texts are refused', () => {
  expect(problemsOf(JSON.stringify(aDagSpec('d', [])).replace('"paramsDefaults":{}', '"paramsDefaults":{"__proto__":{"x":1}}'))).toMatch(
    /__proto__/,
  );
  expect(problemsOf(' '.repeat(17 * 1024 * 1024))).toMatch(/larger than 16 MiB/);
  expect(problemsOf('{')).toMatch(/no valid JSON/);
});

test('whatever JSON arrives, the validator answers instead of throwing', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(problemsOf(text)).not.toBe('');
    }),
  );
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(aDagSpec('d', []))), fc.jsonValue(), (field, value) => {
      expect(Array.isArray(validateSpec({ ...plain(aDagSpec('d', [aTask('a')])), [field]: value }))).toBe(true);
    }),
  );
});
