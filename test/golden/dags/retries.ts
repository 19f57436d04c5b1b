/** A task that succeeds at its third try, one whose tries are used up, and one that no retry helps. */
import { dag, Fatal, RetryAfter } from 'windlass';

export default dag('golden_retries', { defaultArgs: { retries: 2, retryDelay: '100ms' } }, ({ task }) => {
  task('third_time', (ctx) => {
    if (ctx.task.attempt === 1) throw new Error('not yet');
    if (ctx.task.attempt === 2) throw new RetryAfter('50ms', 'nearly');
    return ctx.task.attempt;
  });
  const hopeless = task('hopeless', (ctx): number => {
    throw new Error(`try ${ctx.task.attempt}`);
  });
  task('after_hopeless', { hopeless }, () => 1);
  task('fatal', () => {
    throw new Fatal('no retry will help');
  });
});
