/** Work fails in the inner of two scopes; both are torn down. A third scope's setup fails. */
import { dag } from 'windlass';

export default dag('golden_setup_teardown', {}, ({ between, setup, teardown, task }) => {
  const network = setup('make_network', () => 'net');
  const last = between(
    network,
    teardown('drop_network', { network }, ({ network }) => `${network} gone`),
    (b) => {
      const cluster = b.setup('make_cluster', () => 'cluster');
      return b.between(
        cluster,
        b.teardown('drop_cluster', () => 1),
        (c) => {
          const broken = c.task('broken_work', { cluster }, (): number => {
            throw new Error('broken');
          });
          return c.task('more_work', { broken }, () => 1);
        },
      );
    },
  );
  task('report', { last }, () => 1);
  between(
    setup('fails', () => {
      throw new Error('no quota');
    }),
    teardown('nothing_to_drop', () => 1),
    (b) => void b.task('never', () => 1),
  );
});
