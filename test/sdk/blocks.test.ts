/** Goal: blocks are reusable tasks that say what they are for, and carry their checks along. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { DagSpec } from '#core/dag-spec.ts';
import { validateSpec } from '#core/validate-spec.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { dag, dataExporter, dataLoader, Fatal, notYet, sensor, transformer } from '#sdk/index.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';
import { attemptTask } from '#test/support/task-attempt.ts';

const specOf = (made: unknown): DagSpec => serialiseDag(made as DagDefinition);

const loadNumbers = dataLoader({
  name: 'load_numbers',
  retries: 2,
  run: () => [1, 2, 3],
  checks: { 'some numbers': (out) => out.length > 0 },
});
const double = transformer({
  name: 'double',
  input: z.object({ numbers: z.array(z.number()) }),
  run: ({ numbers }) => numbers.map((n) => 2 * n),
});
const keep = dataExporter({ name: 'keep', input: z.object({ numbers: z.array(z.number()) }), run: ({ numbers }) => numbers.length });
const arrived = sensor({
  name: 'arrived',
  input: z.object({ path: z.string() }),
  every: '5s',
  timeout: '1h',
  check: ({ path }) => (path === 'here' ? { path } : notYet()),
});

const lake = dag('lake', {}, ({ task, sensor }) => {
  const file = sensor('wait', { path: 'here' }, arrived, { timeout: '2h' });
  const numbers = task('load', loadNumbers, { after: file, checks: { 'of three': (out) => out.length === 3 || `${out.length}, not 3` } });
  const doubled = task('double', { numbers }, double);
  return task('keep', { numbers: doubled }, keep);
});

test('a block gives the task its kind, its name and its options, and the call goes over them', () => {
  const spec = specOf(lake);
  expect(validateSpec(spec)).toEqual([]);
  const shown = spec.tasks.map(({ taskId, block, operator, kind, retries, checks }) => ({
    taskId,
    block,
    operator,
    kind,
    retries,
    checks,
  }));
  expect(shown).toEqual([
    { taskId: 'wait', block: 'sensor', operator: 'arrived', kind: 'sensor', retries: 0, checks: [] },
    { taskId: 'load', block: 'data_loader', operator: 'load_numbers', kind: 'task', retries: 2, checks: ['some numbers', 'of three'] },
    { taskId: 'double', block: 'transformer', operator: 'double', kind: 'task', retries: 0, checks: [] },
    { taskId: 'keep', block: 'data_exporter', operator: 'keep', kind: 'task', retries: 0, checks: [] },
  ]);
  expect(spec.tasks[0]?.sensor).toMatchObject({ everyMs: 5_000, timeoutMs: 7_200_000 });
});

test('a task that is no block has no kind, so that its version stays the same', () => {
  const [plain] = specOf(dag('d', {}, ({ task }) => task('t', () => 1))).tasks;
  expect(plain).not.toHaveProperty('block');
});

test('a block without inputs runs, and one with inputs gets them', async () => {
  expect((await attemptTask(lake, 'load')).result).toMatchObject({ outcome: 'success', value: [1, 2, 3] });
  expect((await attemptTask(lake, 'double', { inputs: { load: [1, 2] } })).result).toMatchObject({ outcome: 'success', value: [2, 4] });
  expect((await attemptTask(lake, 'double', { inputs: { load: ['x'] } })).result).toMatchObject({ outcome: 'failed' });
});

test('a sensor block looks again until it finds', async () => {
  expect((await attemptTask(lake, 'wait')).result).toMatchObject({ outcome: 'success', value: { path: 'here' } });
  const nowhere = dag('d', {}, ({ sensor }) => sensor('wait', { path: 'nowhere' }, arrived));
  expect((await attemptTask(nowhere, 'wait')).result).toMatchObject({ outcome: 'reschedule', afterMs: 5_000 });
});

test('every check runs, and the failure says what each of them found', async () => {
  const checked = dag('d', {}, ({ task }) =>
    task('t', () => ({ rows: 0 }), {
      checks: {
        fine: (out) => out.rows === 0,
        'some rows': (out) => out.rows > 0 || 'there are no rows',
        throws: () => {
          throw new Error('the table is locked');
        },
      },
    }),
  );
  const { result } = await attemptTask(checked, 't');
  expect(result).toMatchObject({
    outcome: 'failed',
    retryable: true,
    error: { name: 'CheckFailed', message: '2 of 3 checks failed: "some rows": there are no rows; "throws": the table is locked' },
    checks: [
      { name: 'fine', passed: true, message: null },
      { name: 'some rows', passed: false, message: 'there are no rows' },
      { name: 'throws', passed: false, message: 'the table is locked' },
    ],
  });
});

test('a check that throws Fatal is not tried again', async () => {
  const checked = dag('d', {}, ({ task }) =>
    task('t', () => 1, {
      retries: 3,
      checks: {
        never: () => {
          throw new Fatal('the schema changed');
        },
      },
    }),
  );
  expect((await attemptTask(checked, 't')).result).toMatchObject({ outcome: 'failed', retryable: false });
});

test('mistakes in a block are told where it is made', () => {
  expect(() => dataLoader({ run: () => 1 } as never)).toThrow('A block needs a name');
  expect(() => transformer({ name: 'x', retris: 1, run: () => 1 } as never)).toThrow(/transformer "x".*retries/s);
  expect(() => sensor({ name: 'x', every: '1m' } as never)).toThrow('sensor "x" needs a function: check:');
  expect(() => dag('d', {}, ({ task }) => task('t', arrived as never))).toThrow('Wire it with sensor(...)');
});
