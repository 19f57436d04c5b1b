// For `node --import`: a wall clock that the harness can put hours off, while the process runs. On SIGUSR2 the file that
// CHAOS_CLOCK names is read: milliseconds to add. What is monotonic stays so, as on a machine whose clock is set.
import { readFileSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const file = process.env.CHAOS_CLOCK;
if (file !== undefined && isMainThread) {
  const real = Date.now.bind(Date);
  let offMs = 0;
  Date.now = () => real() + offMs;
  globalThis.Date = new Proxy(Date, {
    construct: (target, args, asked) => Reflect.construct(target, args.length === 0 ? [real() + offMs] : args, asked),
  });
  process.on('SIGUSR2', () => {
    offMs = Number(readFileSync(file, 'utf8'));
  });
}
