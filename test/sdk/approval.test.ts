/** Goal: a task that asks a person defers with the whole question, and judges the answer. Method: bodies run with a host in memory. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { ApprovalAnswer } from '#core/approval.ts';
import { validateSpec } from '#core/validate-spec.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { dag, defineNotifier } from '#sdk/index.ts';
import { serialiseDag } from '#sdk/runtime/serialise-dag.ts';
import { attemptTask } from '#test/support/task-attempt.ts';

const answered = (change: Partial<ApprovalAnswer>) => ({
  event: { chosen: [], form: {}, by: 'eva', at: '2026-01-02T03:04:05.000Z', timedOut: false, ...change },
  state: null,
});
const specOf = (made: unknown) => JSON.parse(JSON.stringify(serialiseDag(made as DagDefinition)));

const payout = dag('payout', {}, ({ approval, task }) => {
  const total = task('total', () => 12);
  const ok = approval(
    'sign_off',
    { total },
    {
      subject: ({ total }) => `Pay out ${total}?`,
      body: 'The run of **{{ ds }}**',
      options: ['pay', 'hold'],
      rejects: 'hold',
      form: z.object({ cap: z.number().default(5), note: z.string().default('') }),
      assignees: ['eva'],
      timeout: '1d',
      fallback: 'hold',
    },
  );
  task('pay', { ok }, ({ ok }) => ok.form.cap);
});

test('the first attempt asks: it defers with everything a page needs', async () => {
  const { result } = await attemptTask(payout, 'sign_off', { inputs: { total: 12 } });
  expect(result).toMatchObject({
    outcome: 'defer',
    waiter: {
      kind: 'answer',
      timeoutMs: 86_400_000,
      onTimeout: { end: 'wake', event: { chosen: ['hold'], timedOut: true } },
      args: {
        subject: 'Pay out 12?',
        details: {
          body: 'The run of **2026-11-23**',
          options: ['pay', 'hold'],
          defaults: ['hold'],
          multiple: false,
          formDefaults: { cap: 5, note: '' },
          assignees: ['eva'],
          formSchema: { type: 'object', properties: { cap: { type: 'number' } } },
        },
      },
    },
  });
});

test('the answer is the result, its form as the schema makes it; a rejection closes the gate', async () => {
  const yes = await attemptTask(payout, 'sign_off', { inputs: { total: 12 }, resumed: answered({ chosen: ['pay'], form: { cap: 7 } }) });
  expect(yes.result).toMatchObject({ outcome: 'success', followed: null });
  expect(JSON.stringify(yes.result)).toContain('"cap":7,"note":""');
  const no = await attemptTask(payout, 'sign_off', { inputs: { total: 12 }, resumed: answered({ chosen: ['hold'] }) });
  expect(no.result).toMatchObject({ outcome: 'success', followed: [], value: { choice: 'hold', choices: ['hold'], by: 'eva' } });
  const late = await attemptTask(payout, 'sign_off', {
    inputs: { total: 12 },
    resumed: answered({ chosen: ['hold'], by: null, at: null, timedOut: true }),
  });
  expect(late.result).toMatchObject({ outcome: 'success', value: { form: { cap: 5 }, by: null, timedOut: true } });
});

test('without options it is Approve or Reject, and nobody is waited for after the timeout', async () => {
  const made = dag('d', {}, ({ approval }) => {
    approval('ask', {}, { subject: 'Go on?', timeout: '1h' });
    approval('strict', {}, { subject: 'Go on?', failOnReject: true });
  });
  const asked = (await attemptTask(made, 'ask')).result;
  expect(asked).toMatchObject({
    waiter: { args: { details: { options: ['Approve', 'Reject'] } }, onTimeout: { end: 'fail', error: { name: 'HITLTimeout' } } },
  });
  expect((await attemptTask(made, 'ask', { resumed: answered({ chosen: ['Reject'] }) })).result).toMatchObject({ followed: [] });
  expect((await attemptTask(made, 'strict', { resumed: answered({ chosen: ['Reject'] }) })).result).toMatchObject({
    outcome: 'failed',
    retryable: false,
    error: { message: 'rejected by eva: Reject' },
  });
  expect(specOf(made).tasks.map((task: { kind: string; operator: string }) => [task.kind, task.operator])).toEqual([
    ['gate', 'approval'],
    ['task', 'approval'],
  ]);
});

test('the chosen option starts its case of a branch, several when several may be chosen', async () => {
  const made = dag('d', {}, ({ approvalBranch }) => {
    approvalBranch(
      'where',
      {},
      { subject: 'Where to?', options: ['Europe', 'Asia'], optionCases: { Europe: 'eu', Asia: 'as' }, multiple: true },
      { eu: (b) => b.task('eu', () => 1), as: (b) => b.task('as', () => 2) },
    );
  });
  expect((await attemptTask(made, 'where', { resumed: answered({ chosen: ['Asia'] }) })).result).toMatchObject({ followed: ['as'] });
  const both = (await attemptTask(made, 'where', { resumed: answered({ chosen: ['Asia', 'Europe'] }) })).result;
  expect(both).toMatchObject({ followed: ['as', 'eu'], value: { choice: 'Asia' } });
  expect(specOf(made).tasks[0]).toMatchObject({ kind: 'branch', operator: 'approval' });
});

test('an entry has one option, OK, and notifiers on the question are callbacks of the task', () => {
  const mail = defineNotifier<{ to: string }>({ name: 'email', send: () => {} });
  const made = dag(
    'd',
    {},
    ({ entry }) => void entry('figures', {}, { subject: 'How many?', form: z.object({ n: z.number() }), notify: mail({ to: 'a@b' }) }),
  );
  const spec = specOf(made);
  expect(spec.tasks[0]).toMatchObject({ kind: 'task', operator: 'approval', callbacks: { on_request: ['email'] } });
  expect(validateSpec(spec)).toEqual([]);
});

test.each([
  ['no subject', {}, /approval "ask" needs a subject/],
  ['a misspelt option', { subject: 's', asignees: ['a'] }, /Unknown option "asignees" of approval "ask". Did you mean "assignees"/],
  [
    'a fallback that is no option',
    { subject: 's', options: ['a'], timeout: '1h', fallback: 'b' },
    /wrong "fallback": There is no option "b"/,
  ],
  ['a fallback without a timeout', { subject: 's', options: ['a'], fallback: 'a' }, /has a fallback but no timeout/],
  ['the same option twice', { subject: 's', options: ['a', 'a'] }, /needs 1 to 50 different options/],
  ['a form that is no schema', { subject: 's', form: { note: 'text' } }, /"form" of approval "ask" must be a schema/],
])('%s is an import error in words', (_, options, message) => {
  expect(() => dag('d', {}, ({ approval }) => void approval('ask', {}, options as never))).toThrow(message);
});
