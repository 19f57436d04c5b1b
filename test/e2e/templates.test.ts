/** Goal: what a DAG adds to its templates, what they know of earlier runs, and what is shown of them, from file to page. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { findRenderedFields } from '#platform/db/queries/rendered-fields.ts';
import { startWholeWindlass, type WholeWindlass } from '#test/support/whole-windlass.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FILES = {
  'templates.ts': `
import { dag, defineTask, literal } from 'windlass';
import { bash } from 'windlass/providers/bash';
import { z } from 'zod';
const show = defineTask({ input: z.looseObject({}), run: (input) => input });
const options = { isPausedUponCreation: false, params: z.object({ days: z.array(z.string()).default(['mon', 'tue']) }) };
const userDefinedMacros = { region: 'eu', twice: (n: number) => n * 2 };
const userDefinedFilters = { cents: (value: number, digits = 2) => (value / 100).toFixed(digits) };

export const added = dag('added', { ...options, userDefinedMacros, userDefinedFilters }, ({ task }) => {
  task('show', {
    text: '{{ region }} {{ twice(21) }} {{ 1250 | cents }} {{ 1250 | cents(1) }}',
    list: '{{ params.days }}',
    raw: literal('{{ as it is }}'),
    deep: ['{{ region }}', literal('{{ region }}')],
    secret: '{{ var.value.api_token }}!',
    before: '{{ prev_start_date_success or "first" }}',
  }, show, { templateFields: ['text', 'list', 'raw', 'deep', 'secret', 'before'] });
  task('file', { query: 'queries/day.sql', none: 'queries/none.sql', plain: literal('queries/day.sql') }, show, { templateFields: ['query', 'none', 'plain'] });
  task('hello', { command: 'hello.sh' }, bash);
  task('env', { command: 'echo $AIRFLOW_CTX_DAG_ID $AIRFLOW_CTX_TASK_ID $AIRFLOW_CTX_TRY_NUMBER' }, bash);
});

export const native = dag('native', { ...options, renderAsNative: true }, ({ task }) => {
  task('show', { list: '{{ params.days }}', n: '{{ 40 + 2 }}', text: 'n = {{ 42 }}', ti: '{{ ti.task_id }}' }, show, { templateFields: ['list', 'n', 'text', 'ti'] });
});
`,
};

const SQL = { 'queries/day.sql': "select '{{ ds }}' -- {{ region }}", 'hello.sh': 'echo hello {{ region }}' };

let windlass: WholeWindlass;
beforeAll(async () => {
  windlass = await startWholeWindlass({ ...SQL, ...FILES }, { variables: new Map([['api_token', 'a-very-secret-token']]) });
  await windlass.know('added', 'native');
});
afterAll(() => windlass.close());

it('macros and filters of the DAG, literals, and the fields as they were rendered, without secrets', async () => {
  const run = await windlass.trigger('added');
  expect(await windlass.ended(run)).toBe('success');
  expect(await windlass.result(run, 'show')).toMatchObject({
    text: 'eu 42 12.50 12.5',
    list: "['mon', 'tue']",
    raw: '{{ as it is }}',
    deep: ['eu', '{{ region }}'],
    before: 'first',
  });
  const [row] = await windlass.sql<{ id: string }>(
    `select task_instance_id as id from task_instance where dag_run_id = $1 and task_id = 'show'`,
    [run],
  );
  const shown = await findRenderedFields(windlass.db, row?.id as string);
  expect(shown).toMatchObject({ text: 'eu 42 12.50 12.5', raw: '{{ as it is }}', secret: '***!' });
  expect(JSON.stringify(shown)).not.toContain('a-very-secret-token');
  expect(await windlass.result(run, 'env')).toMatchObject({ lastLine: 'added env 1' });
});

it('a field that names a file beside the DAG file is the text of it, from the bundle', async () => {
  const run = await windlass.trigger('added');
  expect(await windlass.ended(run)).toBe('success');
  expect(await windlass.result(run, 'file')).toEqual({
    query: expect.stringMatching(/^select '\d{4}-\d\d-\d\d' -- eu$/),
    none: 'queries/none.sql',
    plain: 'queries/day.sql',
  });
  expect(await windlass.result(run, 'hello')).toMatchObject({ lastLine: 'hello eu' });
});

it('fields that are one expression keep their kind with renderAsNative', async () => {
  const run = await windlass.trigger('native');
  expect(await windlass.ended(run)).toBe('success');
  expect(await windlass.result(run, 'show')).toEqual({ list: ['mon', 'tue'], n: 42, text: 'n = 42', ti: 'show' });
});

it('prev_start_date_success is when the run before, by logical date, started', async () => {
  const first = await windlass.trigger('added');
  await windlass.ended(first);
  await windlass.sql(`update dag_run set logical_date = '2026-01-01', started_at = '2026-01-01T05:00:00Z' where dag_run_id = $1`, [first]);
  await windlass.sql(`update dag set is_paused = true, revision = revision + 1 where dag_id = 'added'`);
  windlass.changed('added');
  const second = await windlass.trigger('added');
  await windlass.sql(`update dag_run set logical_date = '2026-01-02' where dag_run_id = $1`, [second]);
  await windlass.sql(`update dag set is_paused = false, revision = revision + 1 where dag_id = 'added'`);
  expect(await windlass.ended(second)).toBe('success');
  expect(await windlass.result(second, 'show')).toMatchObject({ before: '2026-01-01T05:00:00+00:00' });
});
