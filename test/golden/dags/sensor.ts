/** A sensor that finds it at its third look, and one that gives up. Between looks it holds no slot. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dag, notYet } from 'windlass';

export default dag('golden_sensor', {}, ({ sensor, task }) => {
  const found = sensor(
    'third_look',
    (ctx) => {
      const file = join(ctx.scratch, 'looks');
      const looks = (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0) + 1;
      writeFileSync(file, String(looks));
      return looks < 3 ? notYet({ note: `look ${looks}` }) : looks;
    },
    { every: '100ms', timeout: '1h' },
  );
  task('use', { found }, ({ found }) => found);
  const never = sensor('gives_up', () => notYet(), { every: '1s', timeout: '1ms', onTimeout: 'skip' });
  task('after_giving_up', { never }, () => 1);
});
