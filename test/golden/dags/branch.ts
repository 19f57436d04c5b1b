/** Branches of one, several and no case, and what joins them. */
import { dag } from 'windlass';

export default dag('golden_branch', {}, ({ branch, task }) => {
  const one = branch('one', {}, () => 'a' as const, {
    a: (b) => b.task('a', () => 'A'),
    b: (b) => b.task('b', () => 'B'),
  });
  task('join_one', { one }, ({ one }) => one);
  const two = branch('two', {}, () => ['c', 'e'] as const, {
    c: (b) => b.task('c', () => 'C'),
    d: (b) => b.task('d', () => 'D'),
    e: (b) => b.empty('e'),
  });
  task('join_two', { two }, ({ two }) => two);
  const none = branch('none', {}, () => null, { f: (b) => b.task('f', () => 'F') });
  task('join_none', { none }, ({ none }) => none);
});
