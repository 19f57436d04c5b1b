// Goal: no long suite runs alone at the end, and what waits runs beside what computes. Method: the order of all suites, as vitest takes them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { brokerSuites, listSuites } from '#test/support/broker-suites.ts';
import { inOrder, LONG_SUITES } from '#test/support/suite-order.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WORKERS = 3;
const { once, redis, postgres } = brokerSuites(false);
const all = [...once, ...postgres, ...redis];
const order = inOrder(all, (suite) => suite);

test('the table is about suites that are there', () => {
  expect(Object.keys(LONG_SUITES).filter((suite) => !existsSync(join(ROOT, suite)))).toEqual([]);
});

test('every suite has its place, and the longest begins first', () => {
  expect(order.toSorted()).toEqual(all.toSorted());
  expect(new Set(order)).toEqual(new Set(listSuites().keys()));
  expect(order[0]).toBe('test/chaos/chaos.test.ts');
});

test('at any time something computes beside what waits, and all workers are busy to the end', () => {
  const busyUntil = Array.from({ length: WORKERS }, () => 0);
  let [waiting, most] = [[] as number[], 0];
  for (const suite of order) {
    const worker = busyUntil.indexOf(Math.min(...busyUntil));
    const begins = busyUntil[worker] as number;
    const ends = begins + (LONG_SUITES[suite]?.seconds ?? 4);
    busyUntil[worker] = ends;
    waiting = waiting.filter((end) => end > begins);
    if (LONG_SUITES[suite]?.waits) waiting.push(ends);
    most = Math.max(most, waiting.length);
  }
  expect(most).toBeLessThan(WORKERS);
  expect(Math.max(...busyUntil) - Math.min(...busyUntil)).toBeLessThan(20);
});
