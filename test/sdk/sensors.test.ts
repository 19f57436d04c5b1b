/** Goal: sensors look, wait and give up as their options say. Method: build a DAG, run a body as a task process would. */
import { describe, expect, it } from 'vitest';
import {
  dag,
  defer,
  externalTask,
  Fatal,
  notYet,
  waitFor,
  waitForDayOfWeek,
  waitForFile,
  waitForHttp,
  waitForTimeOfDay,
  waitUntil,
} from 'windlass';
import { validateSpec } from '#core/validate-spec.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';
import { attemptTask } from '#test/support/task-attempt.ts';

type Build = Parameters<typeof dag>[2];
const specOf = (build: Build) => serialiseDag(dag('d', {}, build) as unknown as DagDefinition);
const taskOf = (build: Build) => specOf(build).tasks[0];

describe('a sensor with a check', () => {
  it("has Airflow's defaults: every 60 s, for 7 days", () => {
    expect(taskOf(({ sensor }) => void sensor('s', () => notYet()))?.sensor).toEqual({
      everyMs: 60_000,
      timeoutMs: 604_800_000,
      onTimeout: 'fail',
      backoff: 1,
    });
  });

  it('in mode poke asks again in the same process until it is there', async () => {
    let asked = 0;
    const made = dag('d', {}, ({ sensor }) => void sensor('s', () => (++asked < 3 ? notYet() : 'there'), { every: 100, mode: 'poke' }));
    const { result } = await attemptTask(made, 's');
    expect([result.outcome, asked]).toEqual(['success', 3]);
  });

  it('in mode poke ends when the time is up, for good', async () => {
    const made = dag('d', {}, ({ sensor }) => void sensor('s', () => notYet(), { every: 100, timeout: 150, mode: 'poke' }));
    expect((await attemptTask(made, 's')).result).toMatchObject({ outcome: 'failed', retryable: false, error: { name: 'SensorTimeout' } });
  });

  it('in mode poke stops asking when it is told to stop', async () => {
    const stop = new AbortController();
    const made = dag(
      'd',
      {},
      ({ sensor }) =>
        void sensor(
          's',
          () => {
            stop.abort(new Error('told to stop'));
            return notYet();
          },
          { mode: 'poke' },
        ),
    );
    expect((await attemptTask(made, 's', { signal: stop.signal })).result).toMatchObject({
      outcome: 'failed',
      error: { message: 'told to stop' },
    });
  });

  it('takes an error for "not yet" when it fails silently, but not a Fatal one', async () => {
    const failing = (error: Error) =>
      attemptTask(
        dag(
          'd',
          {},
          ({ sensor }) =>
            void sensor(
              's',
              () => {
                throw error;
              },
              { silentFail: true },
            ),
        ),
        's',
      );
    expect((await failing(new Error('away'))).result).toMatchObject({ outcome: 'reschedule', note: 'away' });
    expect((await failing(new Fatal('no'))).result).toMatchObject({ outcome: 'failed', retryable: false });
  });

  it('waits longer each time with backoff, up to maxWait', () => {
    expect(taskOf(({ sensor }) => void sensor('s', () => notYet(), { backoff: true, maxWait: '5m' }))?.sensor).toMatchObject({
      backoff: 2,
      maxWaitMs: 300_000,
    });
  });

  it('refuses softFail together with neverFail, and what only a check has for a wait', () => {
    expect(() => taskOf(({ sensor }) => void sensor('s', () => 1, { softFail: true, neverFail: true }))).toThrow(/choose one/);
    expect(() => taskOf(({ sensor }) => void sensor('s', waitFor('1m'), { mode: 'poke' } as object))).toThrow(/Unknown option "mode"/);
  });
});

describe('a sensor with a wait', () => {
  it('is plain data in the spec, so that it needs no worker', () => {
    const spec = specOf(({ sensor }) => {
      sensor('time', waitUntil('2026-01-31T06:00:00Z'), { timeout: '1h', softFail: true });
      sensor('delta', waitFor('10m'));
      sensor('day', waitForDayOfWeek(['Monday' as 'monday'], { timezone: 'Europe/Berlin' }));
      sensor('clock', waitForTimeOfDay('09:30'));
      sensor('file', waitForFile('in/*.csv'), { every: '1s' });
      sensor('http', waitForHttp({ url: 'http://localhost/x', status: 204 }));
      sensor('other', externalTask({ dagId: 'other', taskId: 't', delta: '1h' }));
    });
    expect(validateSpec(JSON.parse(JSON.stringify(spec)))).toEqual([]);
    expect(Object.fromEntries(spec.tasks.map((task) => [task.operator, task.wait?.args]))).toMatchObject({
      file_sensor: { path: 'in/*.csv' },
      http_sensor: { url: 'http://localhost/x', status: [204] },
      external_task_sensor: { dagId: 'other', taskIds: ['t'], deltaMs: 3_600_000, allowedStates: ['success'] },
    });
    expect(spec.tasks.find((task) => task.taskId === 'file')?.wait?.everyMs).toBe(1_000);
  });

  it.for<[string, Build]>([
    ['a template', ({ sensor }) => void sensor('s', waitForFile('in/{{ ds }}.csv'))],
    ['a secret', ({ sensor }) => void sensor('s', waitForHttp({ url: 'http://x/', headers: { authorization: 'Bearer x' } }))],
    ['a condition', ({ sensor }) => void sensor('s', waitForFile('x'), { when: () => true })],
    [
      'a wired value',
      ({ sensor, task }) => {
        const path = task('p', () => '/tmp/x');
        sensor('s', waitForFile(path));
      },
    ],
  ])('starts in a worker when it has %s', ([, build]) => {
    expect(specOf(build).tasks.find((task) => task.taskId === 's')?.wait).toBeUndefined();
  });

  it('wakes its body for what only that can do: checks, outlets, a list that others map over', () => {
    const spec = specOf(({ sensor }) => void sensor('s', waitForFile('x'), { checks: { is: () => true } }));
    expect(spec.tasks[0]?.wait).toMatchObject({ kind: 'file', onFound: 'wake' });
  });

  it('renders templates and takes wired values in the body, then defers', async () => {
    const made = dag('d', {}, ({ sensor, task }) => {
      const folder = task('p', () => '/data');
      sensor('s', waitForFile('in/{{ run_id }}.csv'), { timeout: '1m' });
      sensor('w', waitForFile(folder));
    });
    const { result } = await attemptTask(made, 's');
    expect(result).toMatchObject({
      outcome: 'defer',
      waiter: { kind: 'file', args: { path: 'in/manual__1.csv' }, onFound: 'succeed', timeoutMs: 60_000 },
    });
    expect((await attemptTask(made, 'w', { inputs: { p: '/data' } })).result).toMatchObject({ waiter: { args: { path: '/data' } } });
  });

  it('says what is wrong with a wait that nobody understands', () => {
    expect(() => waitFor('soon' as '1m')).toThrow(/duration/);
    expect(() => waitForTimeOfDay('25:00')).toThrow(/time like/);
    expect(() => waitForDayOfWeek([])).toThrow(/days like/);
    expect(() => externalTask({ dagId: 'x', taskId: 'a', groupId: 'b' })).toThrow(/one of taskId, taskIds and groupId/);
    expect(() => externalTask({ dagId: 'x', allowedStates: ['failed'], failedStates: ['failed'] })).toThrow(
      /failed is among allowedStates/,
    );
  });
});

describe('defer in a body', () => {
  const made = dag('d', {}, ({ task }) => {
    const n = task('t', (ctx) =>
      ctx.event === null
        ? defer(waitFor('1h'), { state: { at: new Date(0) }, timeout: '2h' })
        : (ctx.event.state as { at: Date }).at.getTime(),
    );
    task('u', { n }, ({ n }) => n + 1);
  });

  it('ends the attempt with a waiter as plain data', async () => {
    const { result } = await attemptTask(made, 't');
    expect(result).toMatchObject({ outcome: 'defer', waiter: { kind: 'time', onFound: 'wake', timeoutMs: 7_200_000 } });
  });

  it('runs the body again with the event and the state it gave', async () => {
    const { result } = await attemptTask(made, 't');
    const { state } = (result as { waiter: { state: unknown } }).waiter;
    expect((await attemptTask(made, 't', { resumed: { event: null, state } })).result).toMatchObject({ outcome: 'success', value: 0 });
  });

  it('refuses what is no wait', async () => {
    const wrong = dag('d', {}, ({ task }) => void task('t', () => defer('1h' as never)));
    expect((await attemptTask(wrong, 't')).result).toMatchObject({
      outcome: 'failed',
      retryable: false,
      error: { message: expect.stringMatching(/no wait/) },
    });
  });
});
