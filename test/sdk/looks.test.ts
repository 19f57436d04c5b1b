// Goal: options that people see reach the spec, and none of them could be more than words and colours.
import { describe, expect, it } from 'vitest';
import type { DagSpec } from '#core/dag-spec.ts';
import type { BodyResult, RequestBody, RunMessage } from '#core/task-protocol.ts';
import { validateSpec } from '#core/validate-spec.ts';
import type { DagDefinition } from '../../sdk/definition.ts';
import { type Builder, dag, type TaskOpts } from '../../sdk/index.ts';
import { runTask } from '../../sdk/runtime/run-task.ts';
import { serialiseDag } from '../../sdk/runtime/serialise-dag.ts';

function specOf(options: object, build: (b: Builder<Record<never, never>>) => void): DagSpec {
  const spec = serialiseDag(dag('d', options, build as never) as unknown as DagDefinition);
  expect(validateSpec(JSON.parse(JSON.stringify(spec)))).toEqual([]);
  return spec;
}
const one = (options: TaskOpts) => specOf({}, ({ task }) => void task('t', () => 1, options)).tasks[0]!;

describe('what people see', () => {
  it('names and owners of a DAG', () => {
    const spec = specOf(
      { displayName: 'Größe der Lager', owner: 'data team', ownerLinks: { 'data team': 'mailto:data@example.com' } },
      () => {},
    );
    expect(spec).toMatchObject({ displayName: 'Größe der Lager', ownerLinks: { 'data team': 'mailto:data@example.com' } });
  });

  it.each([
    [{ defaultArgs: { owner: 'data team' } }, 'data team'],
    [{ owner: 'ada', defaultArgs: { owner: 'data team' } }, 'ada'],
    [{}, 'windlass'],
  ])('a DAG belongs to its owner, else to the owner of its tasks: %j', (options, owner) => {
    expect(specOf(options, () => {}).owner).toBe(owner);
  });

  it('names, owners, colours and documentation of a task', () => {
    const task = one({
      displayName: 'Load all',
      owner: 'ada',
      uiColor: '#e8f7e4',
      uiFgcolor: 'black',
      docMd: '*md*',
      doc: 'plain',
      docJson: { a: 1 },
      docYaml: 'a: 1',
      docRst: '::',
    });
    expect(task).toMatchObject({ displayName: 'Load all', owner: 'ada', uiColor: '#e8f7e4', uiFgcolor: 'black', docMd: '*md*' });
    expect(task.docs).toEqual([
      { format: 'text', text: 'plain' },
      { format: 'json', text: '{\n  "a": 1\n}' },
      { format: 'yaml', text: 'a: 1' },
      { format: 'rst', text: '::' },
    ]);
  });

  it('a task without them has none in its spec', () => {
    expect(Object.keys(one({}))).not.toEqual(expect.arrayContaining(['displayName', 'owner', 'uiColor', 'docs']));
  });

  it('groups: words and colours, defaults of their own, and ids without the prefix if asked', () => {
    const spec = specOf({ defaultArgs: { retries: 1, queue: 'slow' } }, ({ group }) => {
      group(
        'g',
        (g) => ({
          a: g.task('a', () => 1),
          b: g.task('b', () => 1, { retries: 5 }),
          inner: g.group('h', (h) => h.task('c', () => 1), { defaultArgs: { queue: 'fast' } }),
        }),
        {
          displayName: 'The group',
          tooltip: 'All of it',
          uiColor: 'cornflowerblue',
          defaultArgs: { retries: 3 },
        },
      );
      group('flat', (g) => g.task('own_id', () => 1), { prefixGroupId: false });
    });
    expect(spec.groups[0]).toMatchObject({ groupId: 'g', displayName: 'The group', tooltip: 'All of it', uiColor: 'cornflowerblue' });
    const settings = Object.fromEntries(spec.tasks.map((task) => [task.taskId, [task.retries, task.queue, task.groupId]]));
    expect(settings).toEqual({
      'g.a': [3, 'slow', 'g'],
      'g.b': [5, 'slow', 'g'],
      'g.h.c': [3, 'fast', 'g.h'],
      own_id: [1, 'slow', 'flat'],
    });
  });

  it.each([
    [{ uiColor: 'red; background: url(x)' }, /must be a colour/],
    [{ uiColor: 'expression(1)' }, /must be a colour/],
    [{ displayName: '' }, /1 to 250 characters/],
    [{ owner: 3 }, /"owner" of task "t" must be text/],
  ])('refuses %j of a task', (options, words) => expect(() => one(options as TaskOpts)).toThrow(words));

  it.each([
    [{ ownerLinks: { ada: 'javascript:alert(1)' } }, /must begin with https/],
    [{ ownerLinks: ['https://example.com'] }, /must be an object/],
    [{ tags: ['x'.repeat(101)] }, /a tag has 1 to 100 characters/],
    [{ tags: [''] }, /a tag has 1 to 100 characters/],
    [{ displayName: 'x'.repeat(251) }, /1 to 250 characters/],
  ])('refuses %j of a DAG', (options, words) => expect(() => specOf(options, () => {})).toThrow(words));

  it('refuses links and colours that a stranger puts into a spec', () => {
    const spec = JSON.parse(JSON.stringify(specOf({}, ({ task }) => void task('t', () => 1)))) as DagSpec;
    expect(validateSpec({ ...spec, ownerLinks: { a: 'javascript:alert(1)' } })).toEqual([expect.stringContaining('ownerLinks')]);
    expect(validateSpec({ ...spec, tasks: [{ ...spec.tasks[0], uiColor: 'url(x)' }] })).toEqual([expect.stringContaining('uiColor')]);
  });
});

const REPLACED: readonly (readonly [string, RegExp])[] = [
  ['schedule_interval', /removed in Airflow 3. Use "schedule"/],
  ['scheduleInterval', /Use "schedule"/],
  ['sla_miss_callback', /SLAs were removed in Airflow 3. Use "deadline"/],
  ['concurrency', /Use "maxActiveTasks"/],
  ['dag_display_name', /Use "displayName"/],
  ['access_control', /Permissions belong to the roles/],
  ['timezone', /The zone belongs to the schedule/],
  ['max_active_runs', /Did you mean "maxActiveRuns"\? Options are written in camelCase/],
  ['constructor', /Known options/],
];
const REPLACED_IN_TASKS: readonly (readonly [string, RegExp])[] = [
  ['sla', /deadline/],
  ['email_on_failure', /onFailureCallback/],
  ['executor', /use "queue"/],
  ['executor_config', /use "queue"/],
  ['run_as_user', /WINDLASS_TASK_UID/],
  ['resources', /"pool" and "poolSlots"/],
  ['task_concurrency', /maxActiveTisPerDag/],
  ['provide_context', /always gets the context/],
  ['retry_delay', /Did you mean "retryDelay"\? Options are written in camelCase/],
  ['execution_date', /ctx.run.logicalDate/],
  ['retrise', /Did you mean "retries"/],
  ['task_group', /Make the task inside group/],
];

describe('an option of Airflow that is none here', () => {
  it.each(REPLACED)('%s of a DAG: the error says what to write', (name, words) => {
    expect(() => specOf({ [name]: 1 }, () => {})).toThrow(words);
  });
  it.each(REPLACED_IN_TASKS)('%s of a task: the error says what to write', (name, words) => {
    expect(() => one({ [name]: 1 } as TaskOpts)).toThrow(words);
  });
});

function attempt(options: TaskOpts, result: unknown): { ended: Promise<BodyResult>; asked: RequestBody[] } {
  const asked: RequestBody[] = [];
  const made = dag('d', {}, ({ task }) => task('t', () => result, options)) as unknown as DagDefinition;
  const context = { taskId: 't', params: {}, runAfter: '2026-01-01T00:00:00Z', logicalDate: null } as unknown as RunMessage['context'];
  const ended = runTask(
    made,
    { type: 'run', context, inputs: {} },
    {
      log: () => {},
      request: async (body) => void asked.push(body),
      heartbeat: () => {},
      signal: new AbortController().signal,
    },
  );
  return { ended, asked };
}

describe('what is kept of a result', () => {
  it('nothing with doXcomPush: false', async () => {
    expect(await attempt({ doXcomPush: false }, { a: 1 }).ended).toMatchObject({ outcome: 'success', value: undefined, bytes: 0 });
  });

  it('each key as well with multipleOutputs', async () => {
    const { ended, asked } = attempt({ multipleOutputs: true }, { rows: 3, at: new Date(0) });
    expect(await ended).toMatchObject({ outcome: 'success' });
    expect(asked).toMatchObject([
      { what: 'xcom_push', key: 'rows', value: 3 },
      { what: 'xcom_push', key: 'at' },
    ]);
    expect(await attempt({ multipleOutputs: true }, [1]).ended).toMatchObject({ outcome: 'failed', retryable: false });
  });

  it('a result that is not kept cannot be read or mapped over', () => {
    expect(() => specOf({}, ({ task }) => void task('b', { a: task('a', () => 1, { doXcomPush: false }) }, () => 1))).toThrow(
      /reads the result of "a", which has doXcomPush: false/,
    );
    expect(() =>
      specOf(
        {},
        ({ task, map }) =>
          void map(
            'b',
            task('a', () => [1], { doXcomPush: false }),
            () => 1,
          ),
      ),
    ).toThrow(/doXcomPush: false/);
  });
});
