// Goal: `windlass dags test FILE` runs a DAG as the scheduler and workers would, in one process, with no database.
// Method: the real bin over DAG files outside this project.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { makeProject, removeProject, windlass } from '../support/windlass-process.ts';

// Each command is a process of its own: seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const DAGS = {
  'etl.ts': `
    import { dag } from 'windlass';
    import { double } from './lib/double';
    enum Mode { Fast = 'fast' }
    export default dag('etl', {}, ({ task }) => {
      const rows = task('extract', () => { console.log('printed by user code'); process.stdout.write('and written\\n'); return [1, 2, 3]; });
      const sum = task('transform', { rows }, ({ rows }) => double(rows.reduce((a, b) => a + b, 0)));
      task('load', { sum }, ({ sum }, ctx) => { if (sum !== 12) throw new Error('got ' + sum); ctx.log.info('mode ' + Mode.Fast); });
    });`,
  'flow.ts': `
    import { dag } from 'windlass';
    let tries = 0;
    export default dag('flow', { defaultArgs: { retries: 1 } }, ({ task, map }) => {
      const list = task('list', () => ['a', 'b', 'c']);
      const upper = map('upper', list, (item) => String(item).toUpperCase());
      task('join', { upper }, ({ upper }) => { if (upper.join('') !== 'ABC') throw new Error(upper.join('')); });
      task('flaky', () => { if (++tries === 1) throw new Error('first try'); });
    });`,
  'fails.ts': `
    import { dag } from 'windlass';
    export default dag('fails', {}, ({ task, chain }) => {
      const bad = task('bad', () => { throw new TypeError('no such thing'); });
      const after = task('after', { bad }, () => 1);
      task('cleanup', { after }, () => {}, { triggerRule: 'all_done' });
    });`,
  'choices.ts': `
    import { dag } from 'windlass';
    export default dag('choices', {}, ({ task, branch, gate, empty, setup, teardown, between, mapGroup, chain }) => {
      const start = empty('start');
      const one = (id) => (b) => b.task(id, () => id);
      branch('both', {}, () => ['x', 'y'], { x: one('x'), y: one('y'), z: one('z') }, { after: start });
      branch('none', {}, () => null, { never: one('never') });
      const near = empty('near', { after: gate('closed', {}, () => false) });
      task('far', () => 1, { after: [near, start], triggerRule: 'all_done' });
      between(setup('up', () => 1), teardown('down', () => 1), (b) => void b.task('work', () => { throw new Error('broken'); }));
      const list = task('list', () => ['a', 'b']);
      const joined = mapGroup('per', list, (item, b) => {
        const picked = b.branch('pick', { item }, ({ item }) => item, { a: (c) => c.task('a', () => 'A'), b: (c) => c.task('b', () => 'B') });
        return b.task('join', { picked }, ({ picked }) => picked);
      });
      task('check', { joined }, ({ joined }) => { if (joined.join() !== 'A,B') throw new Error(joined.join()); });
    });`,
  'fast.ts': `
    import { dag } from 'windlass';
    export default dag('fast', { failFast: true }, ({ task, setup, teardown, between, chain }) => {
      between(setup('up', () => 1), teardown('down', () => 1), (b) => {
        const bad = b.task('bad', () => { throw new Error('broken'); });
        const other = b.task('other', () => 1);
        b.task('next', () => 1, { after: [bad, other] });
      });
    });`,
  'params.ts': `
    import { dag } from 'windlass';
    import { z } from 'zod';
    export default dag('params', { params: z.object({ day: z.string().default('monday'), n: z.int().default(1) }) }, ({ task }) => {
      task('check', (ctx) => { if (ctx.params.day !== 'friday' || ctx.params.n !== 1) throw new Error(JSON.stringify(ctx.params)); });
    });`,
  'two.ts': `
    import { dag } from 'windlass';
    export const one = dag('one', {}, ({ task }) => { task('t', () => 1); });
    export const two = dag('two', {}, ({ task }) => { task('t', () => 1); });`,
  'broken.ts': `import { dag } from 'windlass';\nexport default dag('broken', {}, () => { nowhere(); });`,
  'exits.ts': `import { dag } from 'windlass';\nexport default dag('exits', {}, ({ task }) => { task('t', () => process.exit(0)); });`,
  'json.ts': `import { dag } from 'windlass';\nimport names from './names.json';\nexport default dag('linked', {}, ({ task }) => { task('t', () => { if (names[0] !== 'Ada') throw new Error(names[0]); }); });`,
  'names.json': '["Ada"]',
  'empty.ts': 'export const nothing = 1;',
};

interface Instance {
  readonly task_id: string;
  readonly map_index: number;
  readonly state: string;
  readonly reason: string | null;
  readonly followed: readonly string[] | null;
}

let folder: string;
beforeAll(() => {
  folder = makeProject(DAGS);
  mkdirSync(join(folder, 'dags/lib'));
  writeFileSync(join(folder, 'dags/lib/double.ts'), 'export const double = (n: number): number => n * 2;\n');
});
afterAll(() => removeProject(folder));

const run = (...args: string[]) => windlass(['dags', 'test', ...args], { folder });

test('a task that ends the process does not pass for success', async () => {
  const { code, stderr } = await run('dags/exits.ts', '--json');
  expect([code, stderr]).toEqual([1, expect.stringContaining('ended the process (process.exit) before the run was over')]);
});

test('a DAG is found by its id behind a link, whatever else is linked there', async () => {
  symlinkSync('/proc', join(folder, 'dags/kernel'));
  const { code } = await run('linked');
  expect(code).toBe(0);
});

test('--json is alone on stdout, whatever user code prints', async () => {
  const { code, stdout, stderr } = await run('dags/etl.ts', '--json');
  expect(JSON.parse(stdout)).toEqual({
    dag_id: 'etl',
    run_id: expect.stringMatching(/^manual__/),
    state: 'success',
    reason: null,
    task_instances: ['extract', 'transform', 'load'].map((task_id) => ({
      task_id,
      map_index: -1,
      map_label: null,
      state: 'success',
      reason: null,
      try_number: 1,
      max_tries: 0,
      operator: 'task',
      trigger_rule: 'all_success',
      followed: null,
    })),
  });
  expect(stdout.trim().split('\n')).toHaveLength(1);
  expect(stderr).toContain('printed by user code');
  expect(stderr).toContain('and written');
  expect(stderr).toContain('mode fast');
  expect(code).toBe(0);
});

test('a person sees each task as it ends, and the end', async () => {
  const { code, stdout } = await run('dags/etl.ts');
  expect(stdout).toMatch(/etl {2}manual__.*\n[\s\S]*✓ extract {2}success[\s\S]*✓ load {2}success[\s\S]*└─ ✓ success in/);
  expect(code).toBe(0);
});

test('a DAG of the dags folder is found by its id', async () => {
  const { code, stdout } = await run('etl', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ state: 'success' });
  expect(code).toBe(0);
});

test('mapped tasks get one instance per element, and retries begin at once', async () => {
  const { code, stdout } = await run('dags/flow.ts', '--json');
  const { state, task_instances: instances } = JSON.parse(stdout) as {
    state: string;
    task_instances: { task_id: string; map_index: number; state: string }[];
  };
  expect(state).toBe('success');
  expect(instances.filter((one) => one.task_id === 'upper').map((one) => one.map_index)).toEqual([0, 1, 2]);
  expect(instances.every((one) => one.state === 'success')).toBe(true);
  expect(code).toBe(0);
});

test('a failure shows its cause and its downstream', async () => {
  const { code, stdout, stderr } = await run('dags/fails.ts', '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    state: 'success',
    task_instances: [
      { task_id: 'bad', state: 'failed', reason: 'TypeError: no such thing', try_number: 1 },
      { task_id: 'after', state: 'upstream_failed', reason: 'upstream bad failed (trigger rule all_success)', try_number: 0 },
      { task_id: 'cleanup', state: 'success', trigger_rule: 'all_done' },
    ],
  });
  expect(stderr).toContain('TypeError: no such thing');
  // As in Airflow the leaves decide: the clean-up succeeded, so the run did.
  expect(code).toBe(0);
});

test('branches, gates, scopes and empty tasks end as in the scheduler', async () => {
  const { code, stdout } = await run('dags/choices.ts', '--json');
  const { state, task_instances: instances } = JSON.parse(stdout) as { state: string; task_instances: Instance[] };
  const shown = Object.fromEntries(
    instances.map((one) => [one.task_id + (one.map_index < 0 ? '' : `[${one.map_index}]`), one.reason ?? one.state]),
  );
  expect(shown).toMatchObject({
    start: 'success',
    both: 'success',
    x: 'success',
    y: 'success',
    z: 'branch both chose x and y',
    none: 'success',
    never: 'branch none chose none of its cases',
    closed: 'success',
    near: 'gate closed is closed',
    far: 'gate closed is closed',
    up: 'success',
    work: 'Error: broken',
    down: 'success',
    'per.pick[0]': 'success',
    'per.a[0]': 'success',
    'per.b[0]': 'branch per.pick chose a',
    'per.a[1]': 'branch per.pick chose b',
    'per.b[1]': 'success',
    'per.join[0]': 'success',
    'per.join[1]': 'success',
    check: 'success',
  });
  expect(instances.find((one) => one.task_id === 'both')?.followed).toEqual(['x', 'y']);
  expect(instances.find((one) => one.task_id === 'closed')?.followed).toEqual([]);
  expect(instances.find((one) => one.task_id === 'start')).toMatchObject({ try_number: 0, operator: 'empty' });
  expect([state, code]).toEqual(['failed', 1]);
});

test('a run that fails fast ends at once, but for its teardowns', async () => {
  const { stdout } = await run('dags/fast.ts', '--json');
  const { state, reason, task_instances: instances } = JSON.parse(stdout);
  expect([state, reason]).toEqual(['failed', 'failFast: bad failed']);
  expect(instances.map((one: Instance) => `${one.task_id} ${one.state}`)).toEqual([
    'up success',
    'bad failed',
    'other skipped',
    'next skipped',
    'down success',
  ]);
});

test('params come from --conf over their defaults, and are checked', async () => {
  expect((await run('dags/params.ts', '--conf', '{"day": "friday"}')).code).toBe(0);
  const wrong = await run('dags/params.ts', '--json', '--conf', '{"n": "many"}');
  expect(wrong.stderr).toMatch(/PARAMS_INVALID.*n: must be integer/);
  expect(wrong.stdout).toBe('');
  expect(wrong.code).toBe(1);
});

test('of a file with several DAGs one is chosen', async () => {
  expect((await run('dags/two.ts')).stderr).toMatch(/has several DAGs. Choose one with --dag: one, two/);
  expect((await run('dags/two.ts', '--dag', 'two')).stdout).toMatch(/^two /);
});

test.for([
  ['dags/broken.ts', /DAG_IMPORT_FAILED: .*broken\.ts does not import: nowhere is not defined \(\/.*broken\.ts:2:\d+\)/],
  ['dags/empty.ts', /exports no DAG. Export what dag\(\.\.\.\) returns/],
  ['dags/absent.ts', /There is no file .*absent\.ts/],
  ['dags', /neither a file nor|No file in .* has a DAG "dags"/],
  ['etll', /No file in .* has a DAG "etll". Did you mean etl\?/],
] as const)('%s is refused with what is wrong', async ([target, message]) => {
  const { code, stdout, stderr } = await run(target, '--json');
  expect(stderr).toMatch(message);
  expect(stdout).toBe('');
  expect(code).toBe(1);
});
