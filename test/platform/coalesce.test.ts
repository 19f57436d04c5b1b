/** Goal: what is rung together is sent together, in parts that fit. */
import { expect, it } from 'vitest';
import { Coalescer, mergeMessages } from '#platform/broker/coalesce.ts';
import { newId, systemClock } from '#platform/clock.ts';
import { ManualClock } from '#test/support/manual-clock.ts';

it('sends a long list of ids in parts that Postgres can carry in a NOTIFY', () => {
  const ids = Array.from({ length: 400 }, () => newId());
  const parts = mergeMessages(
    [
      { shards: [1, 2], ids: ids.slice(0, 200) },
      { shards: [2, 15], ids: ids.slice(200) },
    ],
    150,
  );
  expect(parts.flatMap((part) => part['ids'])).toEqual(ids);
  for (const part of parts) expect(Buffer.byteLength(JSON.stringify(part))).toBeLessThan(7_900);
  expect(parts[0]?.['shards']).toEqual([1, 2, 15]);
});

it('keeps no more than some thousand messages while the broker hangs, and says then to look at everything', async () => {
  const sent: string[] = [];
  const hang = Promise.withResolvers<void>();
  const coalescer = new Coalescer(async (_, text) => {
    sent.push(text);
    await hang.promise;
  }, systemClock);
  coalescer.ring('task_instances_ended', { ids: ['first'] });
  await new Promise((resolve) => setImmediate(resolve));
  for (let n = 0; n < 20_000; n++) coalescer.ring('task_instances_ended', { ids: [`later ${n}`] });
  hang.resolve();
  await coalescer.flushed();
  expect(sent).toEqual(['{"v":1,"ids":["first"]}', '{"v":1}']);
  coalescer.ring('task_instances_ended', { ids: ['again'] });
  await coalescer.flushed();
  expect(sent.at(-1)).toBe('{"v":1,"ids":["again"]}');
});

it('tells pages at once, and what follows with the next look of the eye', async () => {
  const sent: string[] = [];
  const clock = new ManualClock();
  const coalescer = new Coalescer(async (_, text) => void sent.push(text), clock);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  for (const topic of ['a', 'b', 'c']) {
    coalescer.ring('ui_events', { topics: [topic] });
    await turn();
    await turn();
  }
  expect(sent).toEqual(['{"v":1,"topics":["a"]}']);
  clock.advance(50);
  await turn();
  expect(sent.slice(1)).toEqual(['{"v":1,"topics":["b","c"]}']);
  await coalescer.flushed();
  coalescer.ring('ui_events', { topics: ['d'] });
  await coalescer.flushed();
  expect(sent.slice(2)).toEqual(['{"v":1,"topics":["d"]}']);
});
