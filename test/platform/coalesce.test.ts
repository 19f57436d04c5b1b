/** Goal: what is rung together is sent together, in parts that fit. */
import { expect, it } from 'vitest';
import { mergeMessages } from '#platform/broker/coalesce.ts';
import { newId } from '#platform/clock.ts';

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
