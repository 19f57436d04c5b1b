/** Goal: rules, functions and chains decide about another try; Fatal, Skip and RetryAfter come before them. */
import { expect, test } from 'vitest';
import { dag, Fatal, RetryAfter, type RetryPolicy, Skip } from '#sdk/index.ts';
import { resultOfThrown } from '#sdk/runtime/body-error.ts';

class Throttled extends Error {}

test.each<[string, () => unknown, RetryPolicy, object]>([
  ['a class', () => new Throttled('slow'), [{ match: Throttled, action: 'retry', delay: '7s' }], { retryable: true, retryAfterMs: 7_000 }],
  ['a name of a class', () => new RangeError('far'), { match: 'RangeError', action: 'fail' }, { retryable: false }],
  ['a pattern', () => new Error('HTTP 404'), [{ match: /40\d/, action: 'fail' }], { retryable: false }],
  ['a function', () => 404, [{ match: (error) => error === 404, action: 'fail' }], { retryable: false }],
  ['a cause', () => new Error('outer', { cause: new Throttled('x') }), [{ match: Throttled, action: 'fail' }], { retryable: false }],
  [
    'the first rule that matches',
    () => new Error('a'),
    [
      { match: 'Error', action: 'default' },
      { match: /a/, action: 'fail' },
    ],
    { retryable: true },
  ],
  ['a chain', () => new Error('a'), [[{ match: 'Error', action: 'default' }], () => undefined, () => 'fail'], { retryable: false }],
  ['none that matches', () => new Error('a'), [{ match: 'TypeError', action: 'fail' }], { retryable: true, retryAfterMs: null }],
  ['a policy that fails', () => new Error('a'), () => JSON.parse('{'), { retryable: true }],
  ['reschedule', () => new Error('busy'), { match: 'Error', action: 'reschedule' }, { outcome: 'reschedule', afterMs: 9_000 }],
])('a retryPolicy by %s', (_name, thrown, policy, expected) => {
  expect(resultOfThrown(thrown(), policy, 9_000)).toMatchObject(expected);
});

test.each([
  ['Fatal', new Fatal('no'), { outcome: 'failed', retryable: false }],
  ['Skip', new Skip('nothing new'), { outcome: 'skipped', reason: 'nothing new' }],
  ['RetryAfter', new RetryAfter('3s'), { outcome: 'failed', retryable: true, retryAfterMs: 3_000 }],
] as const)('%s counts as well where it is the cause of what was thrown', (_name, cause, expected) => {
  expect(resultOfThrown(new Error('outer', { cause: new Error('middle', { cause }) }), () => 'retry')).toMatchObject(expected);
});

test.each([
  [{ match: 'Error' }, 'Option "retryPolicy" of task "t" needs an action, one of retry, fail, default, reschedule.'],
  [
    [{ match: 404, action: 'fail' }],
    'Option "retryPolicy[0]" of task "t" needs a match: a class of errors, its name, a RegExp or a function.',
  ],
  [
    { match: 'Error', action: 'retry', wait: '5m' },
    'Option "retryPolicy" of task "t" has the unknown key "wait". Known: match, action, delay.',
  ],
  [
    { match: 'Error', action: 'retry', delay: 'soon' },
    'Option "retryPolicy" of task "t" has a delay that is no duration like "30s" or "5m".',
  ],
])('%j is refused, saying what is wrong', (retryPolicy, message) => {
  expect(() => dag('d', {}, ({ task }) => task('t', () => 1, { retryPolicy: retryPolicy as never }))).toThrow(message);
});
