/** Three runs of a task that depends on its past. The first one's fails, and a person marks it. */
import { dag } from 'windlass';
import { z } from 'zod';

export default dag('golden_past', { params: z.object({ fail: z.boolean().default(false) }) }, ({ task }) => {
  const step = task(
    'step',
    (ctx) => {
      if (ctx.params.fail) throw new Error('bad day');
      return 1;
    },
    { dependsOnPast: true },
  );
  task('free', { step }, () => 1, { triggerRule: 'all_done' });
});
