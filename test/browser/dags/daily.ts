import { dag } from 'windlass';
import { z } from 'zod';

/** Has dates to backfill, and a task that takes long enough to be seen. */
export default dag('daily', { schedule: '@daily', params: z.object({ limit: z.number().default(10) }) }, ({ task }) => {
  task('work', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  });
});
