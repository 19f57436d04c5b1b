/** A chain whose results travel: each task reads what the one before returned. */
import { dag } from 'windlass';

export default dag('golden_linear', {}, ({ task, empty }) => {
  const start = empty('start');
  const rows = task('extract', () => [{ n: 1 }, { n: 2 }, { n: 3 }], { after: start });
  const doubled = task('double', { rows }, ({ rows }) => rows.map(({ n }) => n * 2));
  task('sum', { doubled, first: rows.at(0) }, ({ doubled, first }) => doubled.reduce((a, b) => a + b, 0) + first.n);
});
