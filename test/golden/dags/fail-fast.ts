/** The first failure ends everything but the teardown: what runs fails, the rest is skipped. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dag } from 'windlass';

export default dag('golden_fail_fast', { failFast: true }, ({ between, setup, teardown }) => {
  const up = setup('up', () => 1);
  between(
    up,
    teardown('down', () => 'torn down'),
    (b) => {
      const long = b.task('long', async (ctx) => {
        writeFileSync(join(ctx.scratch, 'long_runs'), '');
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
        return 1;
      });
      b.task('after_long', { long }, () => 1);
      b.task('bad', async (ctx) => {
        while (!existsSync(join(ctx.scratch, 'long_runs'))) await new Promise((resolve) => setTimeout(resolve, 10));
        throw new Error('bad');
      });
    },
  );
});
