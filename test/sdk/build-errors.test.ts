/** Goal: every mistake in a DAG file is answered by what was wrong, where, and what to do. Method: one row a mistake. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { DagDefinition } from '#sdk/definition.ts';
import type { Ref } from '#sdk/index.ts';
import { type Builder, cross, dag, defineTask, onAssets, type StandardSchemaV1, zip } from '#sdk/index.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';

type Build = (builder: Builder<Record<never, never>>) => unknown;
const build =
  (make: Build, options: object = {}) =>
  () =>
    dag('d', options as { params?: StandardSchemaV1<Record<never, never>> }, make);
const one: Build = ({ task }) => task('a', () => 1);

const MISTAKES: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['an unknown DAG option', build(one, { shedule: '@daily' }), /Unknown option "shedule" of DAG "d". Did you mean "schedule"\?/],
  [
    'a snake_case option',
    build(({ task }) => task('a', () => 1, { retry_delay: '1s' } as object)),
    /Unknown option "retry_delay" of task "a". Did you mean "retryDelay"/,
  ],
  [
    'an unknown option in defaultArgs',
    build(one, { defaultArgs: { retires: 3 } }),
    /Unknown option "retires" of task "a". Did you mean "retries"/,
  ],
  [
    'an option of a later version',
    build(({ task }) => task('a', () => 1, { cache: { key: () => 'k', ttl: '1h' } })),
    /"cache" of task "a" is not available in this version/,
  ],
  [
    'a callback that is no function',
    build(one, { onFailureCallback: 'slack' as never }),
    /"onFailureCallback" of DAG "d" must be a function, a notifier/,
  ],
  [
    'a hook that is no function',
    build(({ task }) => task('a', () => 1, { onKill: 1 as never })),
    /"onKill" of task "a" must be a function or a list of functions/,
  ],
  ['a deadline without its time', build(one, { deadline: {} as never }), /"within" of the deadline of DAG "d" must be a duration/],
  [
    'a misspelt option of a deadline',
    build(one, { deadline: [{ within: '1h', refrence: 'queuedAt' } as never] }),
    /Unknown option "refrence" of the deadline\[0\] of DAG "d". Did you mean "reference"/,
  ],
  [
    'a bad duration',
    build(({ task }) => task('a', () => 1, { retryDelay: '1 minute' as '1m' })),
    /"retryDelay" of task "a" must be a duration like "30s"/,
  ],
  [
    'negative retries',
    build(({ task }) => task('a', () => 1, { retries: -1 })),
    /"retries" of task "a" must be a whole number, at least 0, but is -1/,
  ],
  [
    'a bad trigger rule',
    build(({ task }) => task('a', () => 1, { triggerRule: 'all' as 'always' })),
    /"triggerRule" of task "a" must be one of all_success/,
  ],
  ['a duplicate id', build(({ task }) => [task('a', () => 1), task('a', () => 1)]), /two things called "a"/],
  [
    'a task named like a group',
    build(({ task, group }) => [group('a', one), task('a', () => 1)]),
    /two things called "a" \(a group and a task\)/,
  ],
  ['a bad id', build(({ task }) => task('a b', () => 1)), /task id "a b" in DAG "d" is not valid/],
  ['a path as id', build(({ task }) => task('../a', () => 1)), /is not valid/],
  ['a missing function', build(({ task }) => task('a', {}, 7 as never)), /task "a" needs a function to run/],
  [
    'a cycle',
    build(({ task, chain }) => {
      const a = task('a', () => 1);
      const b = task('b', { a }, () => 1);
      chain(
        b,
        task('c', () => 1),
        a,
      );
    }),
    /cycle: (a > b > c > a|b > c > a > b|c > a > b > c)/,
  ],
  [
    'a task after itself',
    build(({ task }) => {
      const a = task('a', () => 1);
      a.after(a);
    }),
    /cycle: a > a/,
  ],
  [
    'a reference used as a list',
    build(({ task }) => task('b', { n: (task('a', () => [1]) as unknown as number[]).length }, () => 1)),
    /"a" is a reference .*pass it as an input/,
  ],
  ['a reference in a template string', build(({ task }) => task(`b_${task('a', () => 1)}`, () => 1)), /"a" is a reference .*as text/],
  ['a reference spread', build(({ task }) => [...(task('a', () => [1]) as unknown as number[])]), /"a" is a reference/],
  ['an async build function', build(async ({ task }) => task('a', () => 1)), /build function of DAG "d" is async/],
  ['fetch at build time', build(() => void fetch('http://x')), /fetch\(\) was called by the build function of DAG "d"/],
  ['a timer at build time', build(() => void setTimeout(() => 1, 1)), /setTimeout\(\) was called/],
  [
    'a gate as an input',
    build(({ task, gate }) => task('a', { g: gate('g', {}, () => true) }, () => 1)),
    /input "g" is "g", which has no value/,
  ],
  ['after something else', build(({ task }) => task('a', () => 1, { after: 'b' as never })), /after, before and chain take what task\(\)/],
  ['mapping over a number', build(({ map }) => map('m', 3 as never, (x) => x)), /runs over a list: a result, params.at/],
  [
    'a reference inside of a list to map over',
    build(({ task, map }) => map('m', [1, task('a', () => 2)], (x) => x)),
    /element 1 is a reference.*concat\(/,
  ],
  [
    'a product as an input',
    build(({ task }) => task('t', { rows: cross([1], [2]) }, (i) => i)),
    /"rows" is a list made with zip, cross, concat or map, which can only be mapped over/,
  ],
  ['zip of nothing', build(({ map }) => map('m', zip(), (x) => x)), /zip\(\.\.\.\) takes 1 to 100 lists, but got 0/],
  [
    'mapping over one of many results',
    build(({ map }) => map('n', map('m', [[1]], (x) => x).at(0), (x) => x)),
    /Put a task between that returns the list/,
  ],
  [
    'the rule always in a mapped group',
    build(({ mapGroup }) => mapGroup('g', [1], (item, b) => b.task('t', { item }, () => 1, { triggerRule: 'always' }))),
    /"always" is not allowed.*Use "all_done"/,
  ],
  [
    'a map in a mapped group',
    build(({ task, mapGroup }) =>
      mapGroup(
        'g',
        task('a', () => [[1]]),
        (_item, b) =>
          b.map(
            'm',
            b.task('l', () => [1]),
            (x) => x,
          ),
      ),
    ),
    /not available: map over cross/,
  ],
  [
    'a mapped group without a result',
    build(({ task, mapGroup }) =>
      mapGroup(
        'g',
        task('a', () => [1]),
        (_i, b) => {
          b.task('x', () => 1);
          return undefined as never;
        },
      ),
    ),
    /must return the reference of one of its own tasks/,
  ],
  [
    'an inner reference outside its mapped group',
    build(({ task, mapGroup }) => {
      let leaked: Ref<number> | undefined;
      mapGroup(
        'g',
        task('a', () => [1]),
        (item, b) => {
          leaked = b.task('x', { item }, ({ item }) => item);
          return leaked;
        },
      );
      task('b', { leaked }, () => 1);
    }),
    /"g.x" runs once per element of mapped group "g"/,
  ],
  [
    'a case that makes no task',
    build(({ task, branch }) => {
      const a = task('a', () => 1);
      branch('b', {}, () => 'x', { x: () => a });
    }),
    /case "x" of branch "b" must return the reference of a task made inside/,
  ],
  ['a trigger of nothing', build(({ trigger }) => trigger('t', '', {})), /trigger "t" needs a DAG, or the id of one/],
  [
    'a trigger that limits a wait it does not make',
    build(({ trigger }) => trigger('t', 'other', { timeout: '1h' })),
    /Option "timeout" of trigger "t" is for wait: true/,
  ],
  [
    'a wait for an event without a schema',
    build(({ waitForEvent }) => waitForEvent('w', 'e', { timeout: '1h' } as never)),
    /waitForEvent "w" needs a schema/,
  ],
  [
    'a wait for an event without a name',
    build(({ waitForEvent }) => waitForEvent('w', 'no spaces', { schema: z.object({}), timeout: '1h' })),
    /name of its event/,
  ],
  ['an asset schedule without assets', build(one, { schedule: onAssets.all() }), /empty all\(\)/],
  ['@continuous with several runs', build(one, { schedule: '@continuous', maxActiveRuns: 2 }), /maxActiveRuns must be 1/],
  ['a cron expression with seconds', build(one, { schedule: '0 0 6 * * *' }), /sixth field for seconds is not known/],
  ['a calendar step of nothing', build(one, { schedule: { every: {} } }), /steps of the calendar/],
  ['a misspelt preset', build(one, { schedule: '@dialy' }), /Did you mean @daily\?/],
  ['a bad cron expression', build(one, { schedule: '0 6 * *' }), /five fields/],
  ['one bad expression among several', build(one, { schedule: { cron: ['0 6 * * *', '0 6 *'] } }), /"0 6 \*" is no cron expression/],
  ['an unknown option of a schedule', build(one, { schedule: { cron: '0 6 * * *', timezone: 'UTC' } }), /no option "timezone"/],
  ['a bad logicalDate', build(one, { schedule: { cron: '0 6 * * *', logicalDate: 'begin' } }), /must be "end" .* or "start"/],
  ['an event without offset', build(one, { schedule: { events: ['2026-01-01T00:00:00'] } }), /is no instant\. Use ISO-8601 with an offset/],
  ['no events', build(one, { schedule: { events: [] } }), /list of 1 to 10000 instants/],
  ['a bad catchup', build(one, { catchup: 'newest' }), /"catchup" of DAG "d" must be "none", "latest"/],
  ['a bad time zone', build(one, { schedule: { cron: '0 6 * * *', tz: 'Berlin' } }), /no time zone/],
  ['params that are no schema', build(one, { params: { a: 1 } }), /must be a schema of an object/],
  ['dates the wrong way round', build(one, { startDate: '2026-02-01', endDate: '2026-01-01' }), /lies before its startDate/],
  ['a definition without a schema', () => defineTask({ run: () => 1 } as never), /needs a schema/],
  ['a bad DAG id', () => dag('a/b', {}, one as never), /DAG id "a\/b" is not valid/],
];

test('a schedule with a param that nobody gives is refused when the file is read', () => {
  const made = dag('d', { schedule: '@daily', params: z.object({ region: z.string() }) }, one as never);
  expect(() => serialiseDag(made as unknown as DagDefinition)).toThrow(/has a schedule, so its params need defaults.*region/);
});

test.each(MISTAKES)('%s is refused with a clear message', (_name, make, message) => {
  expect(make).toThrowError(message);
});

test('a reference of another DAG is refused by name', () => {
  let foreign: Ref<number> | undefined;
  dag('first', {}, ({ task }) => {
    foreign = task('a', () => 1);
  });
  expect(() => dag('second', {}, ({ task }) => task('b', { foreign }, () => 1))).toThrowError(
    /"a" belongs to DAG "first" and cannot be used in DAG "second"/,
  );
});

test('the builder does not work after its function has ended', () => {
  let kept: Builder<Record<never, never>> | undefined;
  dag('d', {}, (builder) => {
    kept = builder;
    builder.task('a', () => 1);
  });
  expect(() => kept?.task('b', () => 1)).toThrowError(/build function of DAG "d" has ended/);
});

test('timers and fetch work again after the build, also after a failed one', () => {
  const before = [globalThis.setTimeout, globalThis.fetch];
  expect(build(() => void setTimeout(() => 1, 1))).toThrowError();
  expect([globalThis.setTimeout, globalThis.fetch]).toEqual(before);
});
