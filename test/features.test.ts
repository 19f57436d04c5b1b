// Goal: docs/features.md stays whole and honest. Method: its rows are read as data; the ids are counted here.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const STATUSES = ['have', 'different', 'not'];

/** The checklist: group -> number of its last id, in the order of the page. */
const LAST_ID = {
  A: 36,
  B: 44,
  C: 9,
  D: 13,
  E: 23,
  F: 23,
  G: 12,
  H: 8,
  I: 6,
  J: 11,
  K: 23,
  L: 15,
  M: 8,
  N: 7,
  O: 9,
  P: 9,
  Q: 8,
  R: 26,
  S: 8,
  T: 6,
  U: 14,
  UI: 11,
  V: 9,
  W: 9,
  X: 10,
  Y: 6,
  Z: 13,
  AA: 4,
  AB: 4,
} as const;

const expected = Object.entries(LAST_ID).flatMap(([group, last]) => Array.from({ length: last }, (_, index) => `${group}${index + 1}`));

interface Row {
  readonly id: string;
  readonly what: string;
  readonly status: string;
  readonly note: string;
  readonly tests: readonly string[];
}

const rows = readFileSync(join(PROJECT, 'docs/features.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| [A-Z]+\d+ /.test(line))
  .map((line): Row => {
    const cells = line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim());
    if (cells.length !== 5) throw new Error(`This row has ${cells.length} cells instead of 5: ${line}`);
    const [id = '', what = '', status = '', note = '', tests = ''] = cells;
    return { id, what, status, note, tests: tests === '' ? [] : tests.split(/,\s*/) };
  });

test('every id of the checklist has one row, in order', () => {
  expect(rows.map((row) => row.id)).toEqual(expected);
});

test('every row names its feature and has one of the three statuses', () => {
  expect(rows.filter((row) => row.what === '' || !STATUSES.includes(row.status))).toEqual([]);
});

test('what is different or absent says why', () => {
  expect(rows.filter((row) => row.status !== 'have' && row.note.length < 3).map((row) => row.id)).toEqual([]);
});

test('what is there names tests that exist', () => {
  const shown = rows.filter((row) => row.status !== 'not');
  expect(shown.filter((row) => row.tests.length === 0).map((row) => row.id)).toEqual([]);
  const missing = rows.flatMap((row) => row.tests.filter((file) => !/^test\/.+\.test\.ts$/.test(file) || !existsSync(join(PROJECT, file))));
  expect(missing).toEqual([]);
});
