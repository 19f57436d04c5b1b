// Goal: no more attempts hold a process than there are slots, in the order in which they came; only short attempts are
// claimed ahead; and nothing that is claimed waits for long. Method: a clock that the test moves.
import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '#test/support/manual-clock.ts';
import { type Join, SlotTurns } from '../../worker/slot-turns.ts';

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
    for (const name of ['a', 'b', 'c', 'd']) void turns.take({ isNear: () => near.push(name) });
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

describe('the hand of a process', () => {
  /** Joins are told of no process: here is none. */
  const NONE = null as unknown as Parameters<Join>[0];

  it('holds some milliseconds of work of brief bodies, and a few at most', () => {
    const sizes = [0.1, 1, 1.5].map((heldMs) => {
      const { turns } = withPace(8, heldMs);
      for (let index = 0; index < 20; index++) turns.passOn(heldMs);
      return turns.handSize;
    });
    expect(sizes).toEqual([8, 4, 1]);
  });

  it('shrinks while those in it are taken back, and is tried again now and then', () => {
    const { turns } = withPace(1, 0.1, 0);
    for (let index = 0; index < 20; index++) turns.passOn(0.1);
    for (let index = 0; index < 7; index++) turns.takenBack();
    expect(turns.handSize).toBe(1);
    for (let index = 0; index < 16; index++) {
      void turns.take();
      turns.giveBack(0.1);
    }
    expect(turns.handSize).toBe(2);
  });

  function line() {
    const { turns } = withPace(1, 1);
    void turns.take();
    for (let index = 0; index < 8; index++) turns.passOn(1);
    const joined: string[] = [];
    const wait = (name: string, kind: string, offers = true, wants = true) => {
      const join = () => wants && joined.push(name) > 0;
      return turns.take({ kind, isNear: (offer) => offers && offer(join) });
    };
    return { turns, joined, wait };
  }

  it('is filled with those that come next', async () => {
    const { turns, joined, wait } = line();
    const [first] = ['a', 'b', 'c', 'd'].map((name) => wait(name, 'x'));
    turns.deal('x', NONE);
    await expect(first).resolves.toBe('joined');
    expect(joined).toEqual(['a', 'b', 'c']);
  });

  it('takes only those that are prepared and still want it, those of its kind first', () => {
    const { turns, joined, wait } = line();
    for (const one of [wait('b', 'y'), wait('not prepared', 'x', false), wait('too late', 'x', true, false), wait('a', 'x')]) void one;
    turns.deal('x', NONE);
    expect(joined).toEqual(['a', 'b']);
  });

  it('is the only one at a time on each core, until a body goes on for long', async () => {
    const cores = availableParallelism();
    const { turns } = withPace(cores + 1, 0.5);
    const begun: number[] = [];
    for (let index = 0; index < cores + 1; index++) void turns.take().then(() => begun.push(index));
    await Promise.resolve();
    expect([begun.length, turns.taken]).toEqual([cores, cores]);
    turns.measure(20);
    expect(turns.taken).toBe(cores + 1);
  });

  it('is the first place for who was taken back from another', async () => {
    const { turns } = withPace(1, 1);
    void turns.take();
    const order: string[] = [];
    const [waits, again] = [turns.take().then(() => order.push('waits')), turns.take({ again: true }).then(() => order.push('again'))];
    turns.giveBack(1);
    await again;
    turns.giveBack(1);
    await waits;
    expect(order).toEqual(['again', 'waits']);
  });
});
