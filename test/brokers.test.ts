/**
 * Goal: what depends on a broker is tested on both of them. Method: the imports of all suites are followed to whatever
 * opens a broker; a suite that goes around the parameter, or is left on one broker, has to say why in a table.
 */
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { brokerSuites, dependenceOf, listSuites, ON_ONE_BROKER, oneBrokerOf } from '#test/support/broker-suites.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Apart from the path, or this suite would count as one of them. */
const SUPPORT = '#test/support';
const suites = listSuites();

test('a suite that opens a broker takes it from test/support/broker.ts, or says why not', () => {
  const silent = [...suites].filter(([suite, dependence]) => dependence === 'fixed' && oneBrokerOf(suite) === undefined);
  expect(
    silent.map(([suite]) => suite),
    'these open a broker of their own choice: use startBroker, or state the reason in ON_ONE_BROKER of test/support/broker-suites.ts',
  ).toEqual([]);
});

test('each suite runs, and what depends on a broker runs on both but for the table', () => {
  const { once, redis, postgres } = brokerSuites(false);
  expect([...new Set([...once, ...redis, ...postgres])].toSorted()).toEqual([...suites.keys()].toSorted());
  const both = [...suites].filter(([suite, dependence]) => dependence === 'parameter' && oneBrokerOf(suite) === undefined);
  expect(both.length).toBeGreaterThan(25);
  for (const [suite] of both) expect([redis.includes(suite), postgres.includes(suite), once.includes(suite)]).toEqual([true, true, false]);
});

test('with everything, only what is about one broker alone is left on it', () => {
  const { redis, postgres } = brokerSuites(true);
  const takers = [...suites].filter(([, dependence]) => dependence === 'parameter').map(([suite]) => suite);
  const onOne = takers.filter((suite) => !(redis.includes(suite) && postgres.includes(suite)));
  expect(onOne).toEqual(['redis-answers', 'redis-away', 'redis-failover'].map((name) => `test/broker/${name}.test.ts`));
  for (const suite of onOne) expect(redis).toContain(suite);
});

test('the table is about suites that are there, and gives a reason for each', () => {
  for (const { suites: where, why, but = [] } of ON_ONE_BROKER) {
    expect(existsSync(join(ROOT, where)), where).toBe(true);
    expect(why.length, `the reason for ${where}`).toBeGreaterThan(20);
    for (const suite of but) expect(suites.has(suite), suite).toBe(true);
  }
});

test('on each broker run the parts that wait for what it brings', () => {
  const { redis, postgres } = brokerSuites(false);
  for (const list of [redis, postgres])
    for (const folder of ['test/worker/', 'test/triggerer/', 'test/e2e/', 'test/golden/', 'test/monitor/', 'test/scheduler/two-'])
      expect(
        list.some((suite) => suite.startsWith(folder)),
        folder,
      ).toBe(true);
});

test('the way to a broker is found through other files, and through cycles', () => {
  const root = mkdtempSync(join(tmpdir(), 'windlass-suites-'));
  const write = (path: string, text: string) => {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write('test/a/direct.test.ts', `import { openRedisBroker } from '#platform/broker/${'redis'}-broker.ts';`);
  write('test/a/helper.ts', `import { other } from './other.ts';\nimport { startBroker } from '${SUPPORT}/broker.ts';`);
  write('test/a/other.ts', `import { helper } from './helper.ts';`);
  write('test/a/through.test.ts', `import { helper } from './helper.ts';`);
  write('test/a/pure.test.ts', `import { one } from '#core/one.ts';`);
  write('test/support/broker.ts', `import { startRedis } from './redis.ts';`);
  const known = new Map();
  expect(['direct', 'through', 'pure'].map((name) => dependenceOf(`test/a/${name}.test.ts`, root, known))).toEqual([
    'fixed',
    'parameter',
    'none',
  ]);
});
