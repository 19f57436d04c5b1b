/** Goal: a blocked event loop is noticed and said. */
import { expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import { until } from '#test/support/until.ts';
import { LoopGuard } from '../../triggerer/loop-guard.ts';

it('warns when something held the event loop, and tells how long at worst', async () => {
  const said: string[] = [];
  const logger = { warn: (_fields: object, text: string) => void said.push(text) } as unknown as Logger;
  const guard = new LoopGuard({ clock: systemClock, logger });
  guard.start();
  const end = performance.now() + 900;
  while (performance.now() < end);
  await until(() => said.length > 0, { what: 'it warned' });
  guard.stop();
  expect(said[0]).toMatch(/^the event loop of the triggerer was blocked for \d+ ms/);
  expect(guard.worstMs()).toBeGreaterThan(500);
  expect(guard.worstMs()).toBe(0);
});
