// Goal: no more attempts hold a process than there are slots, in the order in which they came; only short attempts are
// claimed ahead; and nothing that is claimed waits for long. Method: a clock that the test moves.
import { describe, expect, it } from 'vitest';
import { ManualClock } from '#test/support/manual-clock.ts';
import { SlotTurns } from '../../worker/slot-turns.ts';

function withPace(slots: number, heldMs: number, count = 20) {
  const clock = new ManualClock();
  const turns = new SlotTurns(slots, clock);
  for (let index = 0; index < count; index++) {
    void turns.take();
    turns.giveBack(heldMs);
  }
  return { clock, turns };
}

describe('the turns of slots', () => {
  it('lets as many in as there are slots, and the others in their order', async () => {
    const turns = new SlotTurns(2, new ManualClock());
    const begun: number[] = [];
    const all = [1, 2, 3, 4].map((number) => turns.take().then((mine) => mine && begun.push(number)));
    await Promise.all(all.slice(0, 2));
    expect([begun, turns.taken]).toEqual([[1, 2], 2]);
    turns.giveBack(5);
    await all[2];
    turns.giveBack(5);
    await all[3];
    expect([begun, turns.taken]).toEqual([[1, 2, 3, 4], 2]);
  });

  it('turns away whoever waits too long, and gives its turn to the next', async () => {
    const clock = new ManualClock();
    const turns = new SlotTurns(1, clock);
    await turns.take();
    const early = turns.take();
    clock.advance(200);
    const late = turns.take();
    clock.advance(100);
    await expect(early).resolves.toBe(false);
    turns.giveBack(300);
    await expect(late).resolves.toBe(true);
    expect(turns.taken).toBe(1);
  });

  it('lets more in at once when slots are added', async () => {
    const turns = new SlotTurns(1, new ManualClock());
    await turns.take();
    const second = turns.take();
    turns.setSlots(2);
    await expect(second).resolves.toBe(true);
  });
});

describe('claiming ahead', () => {
  it('is not done before the pace is known', () => {
    expect(withPace(8, 1, 3).turns.ahead).toBe(0);
  });

  it('is done while attempts are short, a few a slot', () => {
    expect(withPace(8, 15).turns.ahead).toBe(24);
  });

  it('is done for some tens of milliseconds of work while they are very short', () => {
    expect(withPace(8, 4).turns.ahead).toBe(80);
    expect(withPace(8, 0.1).turns.ahead).toBe(160);
  });

  it('is done for no more than begin in time where turns are rare, however short the bodies are', () => {
    const { clock, turns } = withPace(2, 1);
    expect(turns.ahead).toBe(80);
    for (let index = 0; index < 2 + 60; index++) void turns.take();
    for (let index = 0; index < 60; index++) {
      clock.advance(5);
      turns.giveBack(1);
      void turns.take();
    }
    expect(turns.ahead).toBe(25);
  });

  it.each([
    [4, ['a', 'b'], ['a', 'b', 'c']],
    [15, [], []],
  ])('with bodies of %s ms tells the next in the line before their turn', async (paceMs, first, then) => {
    const { turns } = withPace(2, paceMs);
    void turns.take();
    void turns.take();
    const near: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) void turns.take(() => near.push(name));
    expect(near).toEqual(first);
    turns.giveBack(paceMs);
    expect(near).toEqual(then);
  });

  it('takes no pace from a slot that was given back unused', () => {
    const { turns } = withPace(8, 4);
    void turns.take();
    turns.giveBack(null);
    expect(turns.paceMs).toBe(4);
  });

  it('lets nobody in at once past those who wait', async () => {
    const turns = new SlotTurns(1, new ManualClock());
    expect([turns.takeNow(), turns.takeNow()]).toEqual([true, false]);
    const waits = turns.take();
    turns.giveBack(1);
    await expect(waits).resolves.toBe(true);
    expect(turns.takeNow()).toBe(false);
  });

  it('is not done while attempts are long', () => {
    expect(withPace(8, 500).turns.ahead).toBe(0);
  });

  it('ends with the first long attempt among short ones', () => {
    const { turns } = withPace(8, 2);
    void turns.take();
    turns.giveBack(1_000);
    expect(turns.ahead).toBe(0);
  });
});
