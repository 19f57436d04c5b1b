/**
 * Goal: states, times and changes are put into the right words, and code is coloured without being changed.
 */
import { describe, expect, test } from 'vitest';
import { DAG_RUN_STATES, TASK_INSTANCE_STATES } from '../../core/states.ts';
import { lookOf, STATE_ORDER } from '../../ui-kit/state-looks.ts';
import { formatBytes, formatDuration, formatRelative, formatUtc } from '../../ui-kit/time-format.ts';
import { keysOf } from '../../webserver/ui/src/api/topics.ts';
import { highlight } from '../../webserver/ui/src/code/highlight.ts';
import { scheduleInWords } from '../../webserver/ui/src/dag/schedule-words.ts';
import { positionWords } from '../../webserver/ui/src/syncs/position-words.ts';

describe('states', () => {
  test('each have a word, an icon and a colour of their own', () => {
    const looks = TASK_INSTANCE_STATES.map((state) => lookOf(state));
    expect(new Set(looks.map((look) => look.word)).size).toBe(looks.length);
    expect(new Set(looks.map((look) => look.color)).size).toBe(looks.length);
    expect(new Set(looks.map((look) => look.icon)).size).toBe(looks.length);
  });

  test('all have a place in the order of legends', () => {
    for (const state of [...TASK_INSTANCE_STATES, ...DAG_RUN_STATES]) expect(STATE_ORDER).toContain(state);
  });

  test('that nobody knows show the word itself', () => {
    expect(lookOf('frozen').word).toBe('frozen');
    expect(lookOf('constructor').word).toBe('constructor');
  });
});

describe('time in words', () => {
  test.each([
    [340, '340 ms'],
    [4_200, '4.2 s'],
    [9_960, '10 s'],
    [59_700, '1 m 00 s'],
    [65_000, '1 m 05 s'],
    [7_380_000, '2 h 03 m'],
    [273_600_000, '3 d 4 h'],
    [-5, '0 ms'],
  ])('%i ms is %s', (ms, words) => {
    expect(formatDuration(ms)).toBe(words);
  });

  test('says how far away an instant is, on either side of now', () => {
    expect(formatRelative(0, 1_500)).toBe('just now');
    expect(formatRelative(0, 12_000)).toBe('12 s ago');
    expect(formatRelative(3 * 3_600_000, 0)).toBe('in 3 h');
  });

  test('gives UTC and sizes plainly', () => {
    expect(formatUtc('2026-11-23T14:05:09.120Z')).toBe('2026-11-23 14:05:09 UTC');
    expect([512, 4_096, 12_000_000].map(formatBytes)).toEqual(['512 B', '4.1 KB', '12.0 MB']);
  });
});

test('a change names what has to be asked for again, run ids with slashes included', () => {
  expect(keysOf('run:etl/manual__2026-11-23T06:00:00+00:00')).toContainEqual(['run', 'etl', 'manual__2026-11-23T06:00:00+00:00']);
  expect(keysOf('run:etl/a/b')).toContainEqual(['run', 'etl', 'a/b']);
  expect(keysOf('dag:etl')).toContainEqual(['grid', 'etl']);
  expect(keysOf('something_new')).toEqual([]);
});

test('highlighting never changes the text', () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholder belongs to the code that is highlighted
  const source = "// a\nconst x: Type = `t ${a}\n b` + 'q' /* c\n */ + f(1_000n);\nfoo.default(2)\n";
  const lines = highlight(source);
  expect(lines.map((tokens) => tokens.map((token) => token.text).join('')).join('\n')).toBe(source);
  expect(lines.at(-2)?.find((token) => token.text === 'default')?.kind).toBe('function');
});

test.each([
  ['*/2 * * * *', 'every 2 min'],
  ['30 1 * * *', 'daily at 01:30'],
  ['0 6 * * 1-5 (Europe/Berlin)', 'weekdays at 06:00 (Europe/Berlin)'],
  ['5 4 * * 7', 'Sundays at 04:05'],
  ['0 0 1 * *', 'monthly on day 1 at 00:00'],
  ['@hourly', 'hourly'],
  ['every 5 min', 'every 5 min'],
  ['0 0 1,15 * *', '0 0 1,15 * *'],
  ['0 6 * * *, 0 18 * * 1-5 (Europe/Berlin)', 'daily at 06:00 and weekdays at 18:00 (Europe/Berlin)'],
  ['0 6 * * *, 0 0 1,15 * *', '0 6 * * *, 0 0 1,15 * *'],
])('the schedule %s is said as "%s"', (summary, words) => {
  expect(scheduleInWords(summary)).toBe(words);
});

describe('where a stream goes on', () => {
  test.each([
    [null, null],
    [{ after: ['2026-01-02', '12'] }, 'after 2026-01-02 · 12'],
    [{ done: { 'a.csv': '10/1', 'b.csv': '10/2' } }, '2 files'],
    [{ greatest: '2026-01-05' }, 'after 2026-01-05'],
    [{ greatest: 7, next: 'https://shop.example/orders?page=3', since: 1 }, 'before the next page, 7'],
    [{ next: 'https://shop.example/orders?page=3' }, 'before https://shop.example/orders?page=3'],
    [{ cut: '{"done":{"a.csv"' }, '{"done":{"a.csv"'],
    [{ offset: 7 }, '{"offset":7}'],
    ['x'.repeat(200), `${'x'.repeat(120)}…`],
  ])('%j', (state, words) => {
    expect(positionWords(state)).toBe(words);
  });
});
