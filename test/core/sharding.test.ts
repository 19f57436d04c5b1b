/** Goal: every process, now and in later versions, agrees where a DAG belongs. */
import { expect, test } from 'vitest';
import { SHARD_COUNT, shardOf } from '#core/sharding.ts';

test('the shard of an id never changes', () => {
  // Golden: rows of the table `dag` hold these numbers.
  expect(['hello', 'ny_taxi', 'sales_etl', ''].map(shardOf)).toEqual([11, 9, 15, 5]);
});

test('many ids spread over all shards', () => {
  const counts = new Array<number>(SHARD_COUNT).fill(0);
  for (let index = 0; index < 16_000; index++) counts[shardOf(`dag_${index}`)]! += 1;
  expect(Math.min(...counts)).toBeGreaterThan(800);
  expect(Math.max(...counts)).toBeLessThan(1_200);
});
