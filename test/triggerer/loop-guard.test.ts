/** Goal: a blocked event loop is noticed and said. */
import { expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { until } from '#test/support/until.ts';
import { LoopGuard } from '../../triggerer/loop-guard.ts';

it('warns when something held the event loop, and tells how long at worst', async () => {
  const said: string[] = [];
  const logger = { warn: (_fields: object, text: string) => void said.push(text) } as unknown as Logger;
  const guard = new LoopGuard({ clock: systemClock, logger, isWaiting: () => true });
  guard.start();
  const end = performance.now() + 900;
  while (performance.now() < end);
  await until(() => said.length > 0, { what: 'it warned' });
  guard.stop();
  expect(said[0]).toMatch(/^the event loop of the triggerer was blocked for \d+ ms/);
  expect(guard.worstMs()).toBeGreaterThan(500);
  expect(guard.worstMs()).toBe(0);
});

it('looks rarely while nothing waits, and as often as ever once something does', () => {
  const clock = new ManualClock();
  let looks = 0;
  let waits = false;
  const isWaiting = () => {
    looks += 1;
    return waits;
  };
  const guard = new LoopGuard({ clock, logger: { warn: () => {} } as unknown as Logger, isWaiting });
  guard.start();
  clock.advance(10_000);
  expect(looks).toBe(6);
  waits = true;
  clock.advance(2_000);
  looks = 0;
  clock.advance(2_000);
  expect(looks).toBe(10);
  guard.stop();
});
