/**
 * Goal: a log shows as it was written, at any length, and can harm nobody.
 * Method: the pure half of the viewer: colours, layout, download.
 */
import { describe, expect, test } from 'vitest';
import { ansiPieces, stripAnsi } from '../../webserver/ui/src/logs/ansi.ts';
import { LineLayout, rowsOf } from '../../webserver/ui/src/logs/line-layout.ts';
import { plainLine } from '../../webserver/ui/src/logs/log-text.ts';
import type { UiLogLine } from '../../webserver/ui-api/types.ts';

const ESC = String.fromCharCode(27);

function line(message: string, more: Partial<UiLogLine> = {}): UiLogLine {
  return { timestamp: '2026-11-23T06:00:00.000Z', level: 'info', source: 'task', message, ...more };
}

describe('terminal colours', () => {
  test('become pieces with classes', () => {
    expect(ansiPieces(`${ESC}[32mok${ESC}[0m plain ${ESC}[1;91mbad${ESC}[39m still bold`)).toEqual([
      { text: 'ok', className: 'ansi-2', color: null },
      { text: ' plain ', className: '', color: null },
      { text: 'bad', className: 'ansi-9 font-semibold', color: null },
      { text: ' still bold', className: 'font-semibold', color: null },
    ]);
  });

  test('of 256 and of any colour become CSS colours', () => {
    expect(ansiPieces(`${ESC}[38;5;208mo`)).toEqual([{ text: 'o', className: '', color: 'rgb(255 135 0)' }]);
    expect(ansiPieces(`${ESC}[38;2;1;2;3mx`)).toEqual([{ text: 'x', className: '', color: 'rgb(1 2 3)' }]);
  });

  test('never let markup or other sequences through as anything but text', () => {
    const hostile = `<img src=x onerror=alert(1)>${ESC}]8;;javascript:alert(1)${ESC}\\link${ESC}]8;;${ESC}\\${ESC}[2J`;
    expect(
      ansiPieces(hostile)
        .map((piece) => piece.text)
        .join(''),
    ).toBe('<img src=x onerror=alert(1)>link');
    expect(stripAnsi(hostile)).toBe('<img src=x onerror=alert(1)>link');
  });
});

describe('the layout of a log', () => {
  test('computes rows from length, line breaks and wide characters', () => {
    expect(rowsOf(line('x'.repeat(80)), 40)).toBe(2);
    expect(rowsOf(line('x'.repeat(81)), 40)).toBe(3);
    expect(rowsOf(line('x'.repeat(500)), null)).toBe(1);
    expect(rowsOf(line('one\ntwo\n'), null)).toBe(2);
    expect(rowsOf(line('漢'.repeat(21)), 40)).toBe(2);
    expect(rowsOf(line(`${ESC}[31m${'x'.repeat(40)}${ESC}[0m`), 40)).toBe(1);
  });

  test('finds the line of any row and the row of any line', () => {
    const layout = new LineLayout(10);
    for (const length of [5, 25, 10, 11]) layout.append(line('x'.repeat(length)));
    expect(layout.totalRows).toBe(1 + 3 + 1 + 2);
    expect([0, 1, 2, 3, 4, 5, 6].map((row) => layout.lineAt(row))).toEqual([0, 1, 1, 1, 2, 3, 3]);
    expect([0, 1, 2, 3].map((index) => layout.rowOf(index))).toEqual([0, 1, 4, 5]);
  });

  test('stays exact and quick for a hundred thousand lines', () => {
    const layout = new LineLayout(100);
    for (let index = 0; index < 100_000; index++) layout.append(line('x'.repeat(1 + (index % 250))));
    const row = layout.rowOf(77_777);
    expect(layout.lineAt(row)).toBe(77_777);
    expect(layout.lineAt(row - 1)).toBe(77_776);
  });
});

test('a downloaded line holds time, level, source, text and fields', () => {
  expect(plainLine(line(`${ESC}[1mread${ESC}[0m`, { level: 'warning', fields: { rows: 3, file: 'a.csv' } }))).toBe(
    '2026-11-23T06:00:00.000Z WARNING [task] read rows=3 file=a.csv',
  );
});
