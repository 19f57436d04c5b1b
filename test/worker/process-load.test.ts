// Goal: a worker measures its event loop's lag while it works, and neither wakes for it nor makes one up from the time it rested.
// Method: block the real event loop while watched and while not.
import { expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { until } from '#test/support/until.ts';
import { LoadMeter } from '../../worker/process-load.ts';

const BLOCKED_MS = 120;

/** Blocks, and lets the timers that measure it come by before and after. */
async function block(): Promise<void> {
  await ticks();
  for (const endMs = performance.now() + BLOCKED_MS; performance.now() < endMs; );
  await ticks();
}

async function ticks(): Promise<void> {
  const begunAtMs = performance.now();
  await until(async () => performance.now() - begunAtMs > 60, { what: 'a few ticks have passed' });
}

it('tells how long the loop was held up while it is watched', async () => {
  const load = new LoadMeter(systemClock);
  load.watch();
  await block();
  expect(load.read(false).eventLoopLagMs).toBeGreaterThan(BLOCKED_MS / 2);
  load.stop();
});

it('measures nothing while it rests, and begins anew afterwards', async () => {
  const load = new LoadMeter(systemClock);
  load.watch();
  load.read(true);
  const restsFromMs = performance.now();
  await block();
  expect(load.read(true).eventLoopLagMs).toBe(0);
  for (let look = 0; look < 10; look++) await ticks();
  const restedMs = performance.now() - restsFromMs;
  load.watch();
  await ticks();
  expect(load.read(false).eventLoopLagMs).toBeLessThan(restedMs / 2);
  load.stop();
});
