// Goal: what an author says with Airflow's TypeScript SDK becomes the DAG they meant, and mistakes are errors in words.
import { describe, expect, it } from 'vitest';
import type { DagSpec } from '#core/dag-spec.ts';
import { validateSpec } from '#core/validate-spec.ts';
import { Bundle, Dag, getClient, getContext, label, TaskHandler, withArgList } from '../../sdk/airflow/index.ts';
import { findDags } from '../../sdk/runtime/find-dags.ts';
import { serialiseDag } from '../../sdk/runtime/serialise-dag.ts';

function specOf(dag: Dag): DagSpec {
  const [definition] = [...findDags({ dag }).values()];
  const spec = serialiseDag(definition!);
  expect(validateSpec(JSON.parse(JSON.stringify(spec)))).toEqual([]);
  return spec;
}
const taskOf = (spec: DagSpec, id: string) => spec.tasks.find((task) => task.taskId === id)!;

describe('a Dag of Airflow’s SDK', () => {
  it('has edges from inputs, ids with the prefixes of groups, and options in seconds', () => {
    const dag = new Dag('etl', { schedule: '@daily', dagrunTimeout: 90, tags: ['a'], queue: 'typescript' });
    const group = dag.taskGroup('in');
    const read = group.task('read', async () => [1], { retries: 2, retryDelay: 5, queue: 'typescript' });
    const load = dag.task('load', async ({ rows }: { rows: number[]; n: number }) => rows.length, { queue: 'big', executionTimeout: 60 });
    load({ rows: read(), n: 3 });
    const spec = specOf(dag);
    expect(spec).toMatchObject({ dagId: 'etl', dagrunTimeoutMs: 90_000, tags: ['a'], schedule: { kind: 'cron' } });
    expect(spec.groups).toMatchObject([{ groupId: 'in', parentId: null }]);
    expect(taskOf(spec, 'in.read')).toMatchObject({ groupId: 'in', retries: 2, retryDelayMs: 5_000, queue: 'default' });
    expect(taskOf(spec, 'load')).toMatchObject({ upstream: ['in.read'], reads: ['in.read'], queue: 'big', executionTimeoutMs: 60_000 });
  });

  it('orders tasks and groups without data, with words on the edge', () => {
    const dag = new Dag('order');
    const group = dag.taskGroup('g');
    const a = group.task('a', () => 1)();
    const b = group.task('b', () => 1)();
    const c = dag.task('c', () => 1)();
    const d = dag.task('d', () => 1)();
    a.before(b);
    group.before(label(c, 'when full'));
    group.after(d);
    const spec = specOf(dag);
    expect(taskOf(spec, 'c').upstream).toEqual(['g.b']);
    expect(taskOf(spec, 'g.a').upstream).toEqual(['d']);
    expect(spec.edgeLabels).toEqual([{ from: 'g.b', to: 'c', text: 'when full' }]);
  });

  it('skips only the named side of a condition, and no other follower', () => {
    const dag = new Dag('branches');
    const gate = dag.task('gate', async () => true)();
    const yes = dag.task('yes', () => 1)();
    const no = dag.task('no', () => 1)();
    dag.task('log', ({ held }: { held: boolean }) => held)({ held: gate });
    dag.if(gate).then(yes).else(no);
    const only = dag.task('only', async () => false)();
    dag.if(only).then(dag.task('maybe', () => 1)());
    const { tasks } = specOf(dag);
    expect(tasks.find((task) => task.taskId === 'gate')).toMatchObject({
      kind: 'branch',
      branchCases: { true: ['log', 'yes'], false: ['log', 'no'] },
    });
    expect(tasks.find((task) => task.taskId === 'only')).toMatchObject({ branchCases: { true: ['maybe'], false: [] } });
  });

  it('takes inputs in the order of the handler’s argument', () => {
    const dag = new Dag('listed');
    const one = dag.task('one', () => 1)();
    dag.task('two', ({ first, second: renamed }: { first: number; second: string }) => `${first}${renamed}`)(withArgList(one, 'x'));
    expect(taskOf(specOf(dag), 'two').reads).toEqual(['one']);
  });
});

const MISTAKES: readonly (readonly [string, () => unknown, RegExp])[] = [
  [
    'an unknown option of a DAG',
    () => new Dag('a', { schedul: '@daily' } as never),
    /Unknown option "schedul" of DAG "a". Did you mean "schedule"/,
  ],
  ['an unknown option of a task', () => new Dag('a').task('t', () => 1, { retrys: 1 } as never), /Did you mean "retries"/],
  ['a bad id', () => new Dag('no spaces'), /not valid/],
  ['a dot in a task id', () => new Dag('a').task('g.t', () => 1), /Make a group with taskGroup/],
  ['a handler without a name', () => new Dag('a').task(() => 1), /has no id/],
  ['a handler with two parameters', () => new Dag('a').task('t', ((_a: object, _b: object) => 1) as never), /takes one object/],
  [
    'two tasks of one id',
    () => {
      const dag = new Dag('a');
      dag.task('t', () => 1);
      dag.task('t', () => 1);
    },
    /two things called "t"/,
  ],
  [
    'a task called twice',
    () => {
      const place = new Dag('a').task('t', () => 1);
      place();
      place();
    },
    /called twice/,
  ],
  [
    'a task that is never called',
    () => {
      const dag = new Dag('a');
      dag.task('t', () => 1);
      return findDags({ dag });
    },
    /never called/,
  ],
  [
    'a reference inside a list',
    () => {
      const dag = new Dag('a');
      const one = dag.task('one', () => 1)();
      dag.task('two', ({ all }: { all: unknown[] }) => all)({ all: [one] as never });
    },
    /hides the reference "one"/,
  ],
  [
    'a reference of another Dag',
    () => {
      const one = new Dag('b').task('one', () => 1)();
      new Dag('a')
        .task('two', () => 1)()
        .after(one);
    },
    /belongs to another Dag/,
  ],
  [
    'an awaited condition',
    () => {
      const dag = new Dag('a');
      (dag.if(dag.task('g', () => true)()) as unknown as { then(a: unknown): void }).then(() => {});
    },
    /was awaited/,
  ],
  [
    'a condition without a side',
    () => {
      const dag = new Dag('a');
      dag.if(dag.task('g', () => true)());
      return findDags({ dag });
    },
    /names no task/,
  ],
  [
    'a switch without cases',
    () => {
      const dag = new Dag('a');
      dag.switch(dag.task('g', () => null as never)());
      return findDags({ dag });
    },
    /has no cases/,
  ],
  [
    'a cycle',
    () => {
      const dag = new Dag('a');
      const a = dag.task('a', () => 1)();
      a.before(
        dag
          .task('b', () => 1)()
          .before(a),
      );
      return findDags({ dag });
    },
    /has a cycle/,
  ],
  [
    'the body of a Python task',
    () => new Bundle(new TaskHandler('py', 'load', () => 1)),
    /there is no Python here. Declare the DAG with new Dag\("py"\)/,
  ],
  [
    'one DAG registered twice',
    () => {
      const dag = new Dag('a');
      return new Bundle(dag, dag);
    },
    /has the DAG "a" already/,
  ],
  ['getContext outside of a task', () => getContext(), /only be called inside a task handler/],
  ['getClient outside of a task', () => getClient(), /only be called inside a task handler/],
];

describe('a mistake is an error in words', () => {
  it.each(MISTAKES)('%s', (_name, make, words) => expect(make).toThrow(words));
});
