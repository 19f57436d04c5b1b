/** Goal: templates in the fields of tasks are rendered where declared, and nowhere else. Method: runTask with a host in memory. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { BodyResult, LogLevel, RequestBody, RunMessage } from '#core/task-protocol.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { dag, defineTask } from '#sdk/index.ts';
import { checkTemplates } from '#sdk/runtime/check-templates.ts';
import { runTask } from '#sdk/runtime/run-task.ts';
import { bash } from '../../../providers/bash/index.ts';
import { ATTEMPT } from './rendering.ts';

interface Given {
  readonly inputs?: Record<string, unknown>;
  readonly item?: unknown;
  readonly params?: unknown;
  readonly answer?: (body: RequestBody) => unknown;
  readonly logs?: [LogLevel, string][];
}

function attempt(made: unknown, given: Given = {}): Promise<BodyResult> {
  const message: RunMessage = {
    type: 'run',
    context: { ...ATTEMPT, dagId: 'd', taskId: 't', params: given.params ?? {} },
    inputs: given.inputs ?? {},
    ...(Object.hasOwn(given, 'item') && { item: { lengths: [], values: { 0: given.item } } }),
  };
  return runTask(made as DagDefinition, message, {
    log: (level, text) => given.logs?.push([level, text]),
    request: async (body) => given.answer?.(body) ?? null,
    heartbeat: () => undefined,
    signal: new AbortController().signal,
  });
}

const echo = defineTask({
  name: 'echo',
  input: z.object({ text: z.string(), deep: z.unknown().optional(), plain: z.string().optional() }),
  templateFields: ['text', 'deep'],
  run: (input) => input,
});

test('declared fields are rendered at any depth; keys, other fields and other values stay', async () => {
  const made = dag('d', {}, ({ task }) => {
    task('t', { text: 'on {{ ds }}', deep: { '{{ ds }}': ['{{ run_id }}', 5, new Date(0), null], n: true }, plain: '{{ ds }}' }, echo);
  });
  expect(await attempt(made)).toMatchObject({
    outcome: 'success',
    value: {
      text: 'on 2026-11-22',
      deep: { '{{ ds }}': ['scheduled__2026-11-22', 5, { $windlass: 'date', value: '1970-01-01T00:00:00.000Z' }, null], n: true },
      plain: '{{ ds }}',
    },
  });
});

test('what is wired in is data: a template inside a result, a param or an item is never rendered', async () => {
  const made = dag('d', { params: z.object({ evil: z.string() }) }, ({ task, params }) => {
    const a = task('a', () => ({ text: 'x' }));
    task('t', { text: '{{ params.evil }}', deep: { wired: a.at('text'), param: params.at('evil'), day: '{{ ds }}' } }, echo);
  });
  const evil = '{{ conn.warehouse.password }}';
  expect(await attempt(made, { inputs: { a: { text: evil } }, params: { evil } })).toMatchObject({
    value: { text: evil, deep: { wired: evil, param: evil, day: '2026-11-22' } },
  });
  const mapped = dag('d', { params: z.object({ list: z.array(z.object({ text: z.string() })) }) }, ({ map, params }) => {
    map('t', params.at('list'), echo);
  });
  expect(await attempt(mapped, { item: { text: evil }, params: { list: [{ text: evil }] } })).toMatchObject({ value: { text: evil } });
});

test('the call chooses the fields: more of them, others, or none', async () => {
  const none = dag('d', {}, ({ task }) => task('t', { text: '{{ ds }}' }, echo, { templateFields: [] }));
  expect(await attempt(none)).toMatchObject({ value: { text: '{{ ds }}' } });
  const plain = dag('d', {}, ({ task }) =>
    task('t', { query: 'select {{ ds_nodash }}', other: '{{ ds }}' }, (input) => input, { templateFields: ['query'] }),
  );
  expect(await attempt(plain)).toMatchObject({ value: { query: 'select 20261122', other: '{{ ds }}' } });
  expect(() => dag('d', {}, ({ task }) => task('t', { query: 'x' }, (input) => input, { templateFields: ['qury'] }))).toThrow(
    /"templateFields" of task "t" names "qury", which is no input\. Did you mean "query"/,
  );
});

test('rendered inputs are what the schema and when see', async () => {
  const number = defineTask({
    name: 'number',
    input: z.object({ n: z.coerce.number() }),
    templateFields: ['n'],
    run: ({ n }) => n,
  });
  const made = dag('d', {}, ({ task }) => task('t', { n: '{{ 20 + 2 }}' as unknown as number }, number, { when: ({ n }) => n === 22 }));
  expect(await attempt(made)).toMatchObject({ outcome: 'success', value: 22 });
});

test('the log shows each rendered field, without the passwords in it', async () => {
  const logs: [LogLevel, string][] = [];
  const made = dag('d', {}, ({ task }) =>
    task(
      't',
      { text: '{{ conn.db.login }}:{{ conn.db.password }} {{ var.value.api_key }}', deep: { a: ['{{ conn.db.password }}'] }, plain: 'p' },
      echo,
    ),
  );
  const answer = (body: RequestBody) =>
    body.what === 'connection'
      ? { id: 'db', login: 'ada', password: 'very"secret', extra: {} }
      : body.what === 'variable'
        ? 'k-12345'
        : null;
  expect(await attempt(made, { logs, answer })).toMatchObject({ value: { text: 'ada:very"secret k-12345' } });
  expect(logs).toEqual([
    ['info', 'Rendered text: ada:*** ***'],
    ['info', 'Rendered deep: {"a":["***"]}'],
  ]);
});

test('ctx.template renders in any task, with names of its own', async () => {
  const made = dag('d', {}, ({ task }) =>
    task('t', async (ctx) => [await ctx.template('{{ ds }}/{{ name | upper }}', { name: 'x' }), await ctx.template('plain')]),
  );
  expect(await attempt(made)).toMatchObject({ value: ['2026-11-22/X', 'plain'] });
  const wrong = dag('d', {}, ({ task }) => task('t', (ctx) => ctx.template('a\n{{ nme }}', { name: 'x' })));
  expect(await attempt(wrong)).toMatchObject({
    outcome: 'failed',
    retryable: false,
    error: { message: 'Template, line 2, column 4: "nme" is unknown. Did you mean "name"?' },
  });
});

test('a mistake fails the try for good and names the field; a missing variable may be there on the next try', async () => {
  const made = (text: string) => dag('d', {}, ({ task }) => task('t', { text: 'x', deep: { env: [text] } }, echo));
  expect(await attempt(made('{{ dss }}'))).toMatchObject({
    retryable: false,
    error: { message: 'Field [0] in "env" in "deep" of "t", line 1, column 4: "dss" is unknown. Did you mean "ds"?' },
  });
  expect(await attempt(made('{{ var.value.x }}'))).toMatchObject({
    retryable: true,
    error: { message: expect.stringContaining('There is no variable "x"') },
  });
});

test('a template that does not parse is an import error of the DAG file', async () => {
  const made = dag('d', {}, ({ task }) => {
    const a = task('a', () => 'x');
    task('t', { command: 'echo ok', env: { A: a, DAY: '{% if %}' } }, bash);
  });
  await expect(checkTemplates(made as unknown as DagDefinition)).rejects.toThrow(
    'Field "env.DAY" of "t", line 1, column 7: Expected a value before %}.',
  );
});

test('bash renders its command and environment', async () => {
  const logs: [LogLevel, string][] = [];
  const made = dag('d', {}, ({ task }) => task('t', { command: 'echo "{{ ds }} $RUN"', env: { RUN: '{{ run_id }}' } }, bash));
  expect(await attempt(made, { logs })).toMatchObject({ value: { lastLine: '2026-11-22 scheduled__2026-11-22' } });
  expect(logs.map(([, text]) => text)).toEqual([
    'Rendered command: echo "2026-11-22 $RUN"',
    'Rendered env: {"RUN":"scheduled__2026-11-22"}',
    '2026-11-22 scheduled__2026-11-22',
  ]);
});

test('definitions made by an older sdk, which name no fields, run as they did', async () => {
  const made = dag('d', {}, ({ task }) => task('t', { text: '{{ ds }}' }, echo)) as unknown as DagDefinition;
  const task = made.tasks.get('t') as NonNullable<ReturnType<DagDefinition['tasks']['get']>>;
  const { templateFields: _, ...settings } = task.settings;
  const old = { ...made, tasks: new Map([['t', { ...task, settings }]]) };
  expect(await attempt(old)).toMatchObject({ value: { text: '{{ ds }}' } });
});
