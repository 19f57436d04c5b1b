import { dag } from 'windlass';

export default dag(
  'stumbles',
  { isPausedUponCreation: false, description: 'Fails in the middle; for the browser test' },
  ({ task, group }) => {
    const start = task('start', (ctx) => {
      for (let line = 1; line <= 300; line++) ctx.log.info(`step ${line}`);
      return 1;
    });
    group('middle', () => {
      const broken = task('broken', { start }, (): number => {
        throw new Error('the rope has torn');
      });
      task('after', { broken }, ({ broken }) => broken);
    });
  },
);
