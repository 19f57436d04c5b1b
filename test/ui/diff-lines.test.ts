/** Goal: a diff says the truth about both texts, whatever they are. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { diffLines } from '../../webserver/ui/src/code/diff-lines.ts';

const shown = (before: string, after: string) =>
  diffLines(before, after).map(({ kind, text }) => `${{ same: ' ', removed: '-', added: '+' }[kind]}${text}`);

it('shows a changed line as taken out and put in, and leaves the rest', () => {
  expect(shown('a\nb\nc\n', 'a\nx\nc\nd\n')).toEqual([' a', '-b', '+x', ' c', '+d']);
});

it('gives both texts back, with their line numbers', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'));
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before, after);
      const old = lines.filter((line) => line.before !== null);
      const young = lines.filter((line) => line.after !== null);
      const plain = (value: string) => value.replace(/\n$/, '');
      expect([old, young].map((side) => side.map((line) => line.text).join('\n'))).toEqual([plain(before), plain(after)]);
      expect(old.map((line) => line.before)).toEqual(old.map((_, index) => index + 1));
      expect(young.map((line) => line.after)).toEqual(young.map((_, index) => index + 1));
      if (before === after) expect(lines.every((line) => line.kind === 'same')).toBe(true);
    }),
  );
});
