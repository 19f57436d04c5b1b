// Goal: loops that look every second or more wake together, and none sleeps longer than it was told, nor much shorter.
// Method: the sleeps that a clock would give for many beginnings; and two loops under a clock that the test moves.
import { expect, it } from 'vitest';
import { quietLogger } from '#platform/logger.ts';
import { Loop, togetherMs } from '#platform/service/service.ts';
import { ManualClock } from '#test/support/manual-clock.ts';

const INTERVALS_MS = [1_000, 1_666, 2_000, 3_333, 5_000, 60_000];

it('never sleeps longer than its interval, nor less than half of it', () => {
  for (const intervalMs of INTERVALS_MS)
    for (let nowMs = 0; nowMs < 3_000; nowMs += 7.3) {
      const sleepMs = togetherMs(nowMs, intervalMs);
      expect([intervalMs, nowMs, sleepMs <= intervalMs, sleepMs >= intervalMs / 2]).toEqual([intervalMs, nowMs, true, true]);
    }
});

it('comes to whole seconds whenever it began, and stays there though timers are a little early or late', () => {
  for (const intervalMs of [1_000, 2_000, 5_000])
    for (let begunAtMs = 0; begunAtMs < 1_000; begunAtMs += 37) {
      let nowMs = begunAtMs;
      const wakes: number[] = [];
      for (let pass = 0; pass < 8; pass++) {
        nowMs += togetherMs(nowMs, intervalMs) + [-0.6, 0.4, 3][pass % 3]!;
        wakes.push(nowMs);
      }
      expect({ intervalMs, begunAtMs, late: wakes.slice(3).every((at) => at % 1_000 < 10) }).toEqual({ intervalMs, begunAtMs, late: true });
    }
});

it('leaves shorter sleeps alone', () => {
  expect([0, 20, 250, 999].map((ms) => togetherMs(1_234, ms))).toEqual([0, 20, 250, 999]);
});

it('sleeps as long as a pass says, to the millisecond', async () => {
  const clock = new ManualClock();
  const passes: number[] = [];
  const loop = new Loop({
    name: 'exact',
    clock,
    logger: quietLogger(),
    intervalMs: 60_000,
    runOnce: async () => {
      passes.push(clock.monotonic());
      return 1_234;
    },
  });
  await loop.start();
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  await turn();
  clock.advance(1_233);
  await turn();
  expect(passes).toEqual([0]);
  clock.advance(1);
  await turn();
  expect(passes).toEqual([0, 1_234]);
  await loop.stop();
});
