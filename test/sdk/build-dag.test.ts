/** Goal: what a build function says becomes the right graph. Method: the specs of small DAGs. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { DagSpec, TaskSpec } from '#core/dag-spec.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { cron, dag, defineTask, events, notYet, timetable } from '#sdk/index.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';
import ex1 from './types/ex1.ts';
import ex2 from './types/ex2.ts';

function specOf(made: unknown): DagSpec {
  return serialiseDag(made as DagDefinition);
}

function taskOf(spec: DagSpec, taskId: string): TaskSpec {
  const found = spec.tasks.find((task) => task.taskId === taskId);
  if (!found) throw new Error(`no task ${taskId}; there are ${spec.tasks.map((task) => task.taskId).join(', ')}`);
  return found;
}

function edges(spec: DagSpec): Record<string, readonly string[]> {
  return Object.fromEntries(spec.tasks.map((task) => [task.taskId, task.upstream]));
}

test('edges come from references at any depth, and only data edges are read', () => {
  const spec = specOf(
    dag('d', {}, ({ task }) => {
      const a = task('a', () => ({ n: 1 }));
      const b = task('b', () => 2);
      const c = task('c', () => 3);
      task('sum', { deep: [{ x: a.at('n') }, b] }, () => 1, { after: c });
    }),
  );
  expect(taskOf(spec, 'sum')).toMatchObject({ upstream: ['a', 'b', 'c'], reads: ['a', 'b'] });
});

test('chain, before and after order tasks, groups and lists of both', () => {
  const spec = specOf(
    dag('d', {}, ({ task, group, chain }) => {
      const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((id) => task(id, () => 1));
      const g = group('g', (inner) => {
        inner.task('first', () => 1).before(inner.task('last', () => 1));
      });
      chain(a!, [b!, c!], g, d!);
      e!.after(d!, g);
    }),
  );
  expect(edges(spec)).toEqual({
    a: [],
    b: ['a'],
    c: ['a'],
    'g.first': ['b', 'c'],
    'g.last': ['g.first'],
    d: ['g.last'],
    e: ['d', 'g.last'],
  });
});

test('tasks come in topological order, whatever order they were written in', () => {
  const spec = specOf(
    dag('d', {}, ({ task }) => {
      const last = task('last', () => 1);
      const middle = task('middle', () => 1);
      last.after(middle);
      middle.after(task('first', () => 1));
    }),
  );
  expect(spec.tasks.map((task) => task.taskId)).toEqual(['first', 'middle', 'last']);
});

test('a branch says which tasks start each case, and what joins it runs when one case did', () => {
  const spec = specOf(ex2);
  expect(taskOf(spec, 'route').branchCases).toEqual({ bulk: ['copy'], fast: ['stream'] });
  expect(taskOf(spec, 'copy').upstream).toEqual(['count_rows', 'route']);
  expect(taskOf(spec, 'after.audit')).toMatchObject({
    triggerRule: 'none_failed_min_one_success',
    reads: ['copy', 'stream'],
    groupId: 'after',
  });
});

test('a task ordered after a branch joins it as well, unless it chose its own rule', () => {
  const spec = specOf(
    dag('d', {}, ({ task, branch }) => {
      const joined = branch('b', {}, () => 'x', { x: (c) => c.task('x', () => 1), y: (c) => c.task('y', () => 1) });
      task('after', () => 1, { after: joined });
      task('own', { joined }, () => 1, { triggerRule: 'all_done' });
    }),
  );
  expect(taskOf(spec, 'after')).toMatchObject({ upstream: ['x', 'y'], reads: [], triggerRule: 'none_failed_min_one_success' });
  expect(taskOf(spec, 'own').triggerRule).toBe('all_done');
});

test('map and mapGroup make scopes; the heads of a mapped group wait for its list', () => {
  const spec = specOf(
    dag('d', { params: z.object({ regions: z.array(z.string()).default(['eu']) }) }, ({ task, map, mapGroup, params }) => {
      const list = task('list', () => ({ files: ['a', 'b'] }));
      const sizes = map('size', list.at('files'), (file) => file.length, { maxActive: 3, tolerate: '5%' });
      task('total', { sizes }, ({ sizes }) => sizes.length);
      const sums = mapGroup('per_file', list.at('files'), (file, b) =>
        b.task('sum', { x: b.task('read', { file }, ({ file }) => file) }, ({ x }) => x.length),
      );
      task('all', { sums }, ({ sums }) => sums);
      map('region', params.at('regions'), (region) => region);
    }),
  );
  expect(spec.mapScopes).toEqual([
    { scopeId: 'size', over: { from: 'task', taskId: 'list', path: ['files'] }, maxActive: 3, tolerate: 0.05 },
    { scopeId: 'per_file', over: { from: 'task', taskId: 'list', path: ['files'] }, maxActive: null, tolerate: 0 },
    { scopeId: 'region', over: { from: 'params', taskId: '', path: ['regions'] }, maxActive: null, tolerate: 0 },
  ]);
  expect(edges(spec)).toEqual({
    list: [],
    region: [],
    size: ['list'],
    'per_file.read': ['list'],
    total: ['size'],
    'per_file.sum': ['per_file.read'],
    all: ['per_file.sum'],
  });
  expect(taskOf(spec, 'per_file.sum')).toMatchObject({ mapScope: 'per_file', groupId: 'per_file', reads: ['per_file.read'] });
  expect(spec.paramsDefaults).toEqual({ regions: ['eu'] });
});

test('params become a JSON Schema for the form, without the sdk knowing zod', () => {
  const spec = specOf(ex1);
  expect(spec.paramsDefaults).toEqual({ region: 'eu', limit: 500 });
  expect(spec.paramsSchema).toMatchObject({
    type: 'object',
    properties: { region: { enum: ['eu', 'us'] }, limit: { type: 'integer', maximum: 10_000 } },
  });
});

test('params of a schema library without a JSON Schema hook still give defaults', () => {
  const schema = { '~standard': { version: 1 as const, vendor: 'own', validate: () => ({ value: { limit: 5 } }) } };
  const spec = specOf(dag('d', { params: schema }, ({ task }) => task('a', () => 1)));
  expect(spec).toMatchObject({ paramsSchema: null, paramsDefaults: { limit: 5 } });
});

test('options are layered: the call over the definition over defaultArgs', () => {
  const define = defineTask({ name: 'tell', input: z.object({ text: z.string() }), retries: 3, retryDelay: '10s', run: () => 1 });
  const spec = specOf(
    dag('d', { defaultArgs: { retries: 1, retryDelay: '1s', queue: 'q', retryExponentialBackoff: true } }, ({ task }) => {
      task('a', { text: 'hi' }, define, { retryDelay: '2s', pool: { name: 'p', slots: 2 } });
    }),
  );
  expect(taskOf(spec, 'a')).toMatchObject({
    operator: 'tell',
    retries: 3,
    retryDelayMs: 2_000,
    queue: 'q',
    pool: 'p',
    poolSlots: 2,
    retryExponentialBackoff: 2,
  });
});

test.each([
  ['@daily', { kind: 'cron', expression: '0 0 * * *', timezone: 'UTC' }, '@daily'],
  ['0 6 * * *', { kind: 'cron', expression: '0 6 * * *', timezone: 'UTC' }, '0 6 * * *'],
  [
    cron('0 6 * * *', { tz: 'Europe/Berlin' }),
    { kind: 'cron', expression: '0 6 * * *', timezone: 'Europe/Berlin' },
    '0 6 * * * (Europe/Berlin)',
  ],
  [
    cron(['0 6 * * *', '@weekly'], { tz: 'Europe/Berlin', logicalDate: 'start' }),
    { kind: 'crons', expressions: ['0 6 * * *', '0 0 * * 0'], timezone: 'Europe/Berlin', logicalDate: 'start' },
    '0 6 * * *, 0 0 * * 0 (Europe/Berlin)',
  ],
  [cron('0 6 * * *', { logicalDate: 'end' }), { kind: 'cron', expression: '0 6 * * *', timezone: 'UTC' }, '0 6 * * *'],
  [
    events(['2026-02-01T00:00:00Z', '2026-01-01T01:00:00+01:00', new Date('2026-02-01T00:00:00Z')]),
    { kind: 'events', instants: ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'] },
    '2 dates from 2026-01-01T00:00:00.000Z',
  ],
  [{ every: '1h', logicalDate: 'start' } as const, { kind: 'delta', everyMs: 3_600_000, logicalDate: 'start' }, 'every 1 h'],
  [{ every: '1h' } as const, { kind: 'delta', everyMs: 3_600_000 }, 'every 1 h'],
  ['@once', { kind: 'once' }, '@once'],
  [timetable('workdays', { at: '06:00' }), { kind: 'custom', name: 'workdays', args: { at: '06:00' } }, 'workdays {"at":"06:00"}'],
  [null, { kind: 'none' }, 'never, externally triggered'],
  [undefined, { kind: 'none' }, 'never, externally triggered'],
] as const)('the schedule %j is understood', (schedule, expected, summary) => {
  const spec = specOf(dag('d', { schedule }, ({ task }) => task('a', () => 1)));
  expect(spec.schedule).toEqual(expected);
  expect(spec.scheduleSummary).toBe(summary);
});

test.each([
  [undefined, false],
  [false, false],
  ['latest', false],
  [true, true],
  ['all', true],
  ['none', 'none'],
] as const)('catchup %j is understood', (catchup, expected) => {
  const spec = specOf(dag('d', { ...(catchup !== undefined && { catchup }) }, ({ task }) => task('a', () => 1)));
  expect(spec.catchup).toBe(expected);
});

test('runImmediately is written down only when it is set, so that other DAGs keep their version', () => {
  const make = (runImmediately: boolean) => specOf(dag('d', { runImmediately }, ({ task }) => task('a', () => 1)));
  expect(make(true).runImmediately).toBe(true);
  expect(Object.hasOwn(make(false), 'runImmediately')).toBe(false);
});

test('a sensor carries its times', () => {
  const spec = specOf(
    dag('d', {}, ({ sensor }) => sensor('s', () => (Math.random() > 2 ? 1 : notYet()), { every: '2m', timeout: '50m', onTimeout: 'skip' })),
  );
  expect(taskOf(spec, 's')).toMatchObject({
    kind: 'sensor',
    operator: 'sensor',
    sensor: { everyMs: 120_000, timeoutMs: 3_000_000, onTimeout: 'skip', backoff: 1 },
  });
});

test('the same file gives the same spec, byte for byte', () => {
  const make = () => JSON.stringify(specOf(dag('d', { tags: ['x'] }, ({ task }) => task('b', { a: task('a', () => 1) }, () => 2))));
  expect(make()).toBe(make());
});

test('a DAG of 2,000 tasks in a chain is built and serialised without a deep stack', () => {
  const spec = specOf(
    dag('d', {}, ({ task }) => {
      let last = task('t0', () => 1);
      for (let index = 1; index < 2_000; index++) last = task(`t${index}`, { last }, () => 1);
    }),
  );
  expect(spec.tasks).toHaveLength(2_000);
});
