/** A map that tolerates one failure and has one, one that has one too many, and an empty one. */
import { dag } from 'windlass';

export default dag('golden_mapped', {}, ({ map, task }) => {
  const numbers = task('numbers', () => [1, 2, 3, 4]);
  const fail = (wrong: readonly number[]) => (n: number) => {
    if (wrong.includes(n)) throw new Error(`no ${n}`);
    return n * 10;
  };
  const some = map('tolerant', numbers, fail([3]), { tolerate: 1 });
  task('sum', { some }, ({ some }) => some.reduce((a, b) => a + b, 0));
  const less = map('strict', numbers, fail([2, 3]), { tolerate: 1 });
  task('never', { less }, () => 1);
  const empty = map(
    'empty',
    task('nothing', (): number[] => []),
    (n) => n,
  );
  task('skipped', { empty }, () => 1);
});
