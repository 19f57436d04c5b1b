// Goal: docs/failures.md stays whole and honest. Method: its rows are read as data; the ids are counted here.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const STATUSES = ['shown', 'part', 'not'];

/** Group -> number of its last id, in the order of the page. */
const LAST_ID = { K: 23, R: 14, D: 16, C: 8, U: 18, S: 10 } as const;
const expected = Object.entries(LAST_ID).flatMap(([group, last]) =>
  Array.from({ length: last }, (_, index) => `${group}${String(index + 1).padStart(2, '0')}`),
);

interface Row {
  readonly id: string;
  readonly fault: string;
  readonly outcome: string;
  readonly status: string;
  readonly note: string;
  readonly tests: readonly string[];
}

const rows = readFileSync(join(PROJECT, 'docs/failures.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| [A-Z]\d+ /.test(line))
  .map((line): Row => {
    const cells = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    if (cells.length !== 6) throw new Error(`This row has ${cells.length} cells instead of 6: ${line}`);
    const [id = '', fault = '', outcome = '', status = '', note = '', tests = ''] = cells;
    return { id, fault, outcome, status, note, tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path) };
  });

test('every fault has one row, in order', () => {
  expect(rows.map((row) => row.id)).toEqual(expected);
});

test('every row names the fault and has one of the three statuses', () => {
  expect(rows.filter((row) => row.fault === '' || !STATUSES.includes(row.status))).toEqual([]);
});

test('what is shown, also in part, says what comes of it and names tests that exist', () => {
  const shown = rows.filter((row) => row.status !== 'not');
  expect(shown.filter((row) => row.tests.length === 0 || row.outcome === '').map((row) => row.id)).toEqual([]);
  const missing = shown.flatMap((row) => row.tests.filter((path) => !existsSync(join(PROJECT, path))).map((path) => `${row.id} ${path}`));
  expect(missing).toEqual([]);
});

test('what is not shown, also in part, says why', () => {
  expect(rows.filter((row) => row.status !== 'shown' && row.note.length < 10).map((row) => row.id)).toEqual([]);
});
