/**
 * Every answer of the REST API has Airflow's fields: all that are required, none that are unknown, each of its
 * type. The fixture holds the facts of Airflow 3.2's OpenAPI document (Apache-2.0) for the schemas used here.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { saveService } from '#platform/db/queries/save-service.ts';
import { formatLogLine } from '#platform/logs/log-line.ts';
import { logPath } from '#platform/logs/log-path.ts';
import { aSpec, aTask, endInstance, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

const schemas = JSON.parse(readFileSync(new URL('./fixtures/airflow-answers.json', import.meta.url), 'utf8')) as {
  $defs: Record<string, object>;
};
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).addSchema(schemas, 'airflow');

let web: Harness;
const RUN = '/api/v2/dags/etl/dagRuns/r1';

beforeAll(async () => {
  web = await startHarness();
  const { db } = web;
  await saveDag(
    db,
    aSpec('etl', {
      tags: ['daily'],
      docMd: '# doc',
      schedule: { kind: 'cron', expression: '0 6 * * *', timezone: 'UTC' },
      scheduleSummary: '0 6 * * *',
      startDate: '2026-01-01T00:00:00+01:00',
      dagrunTimeoutMs: 90_500,
      paramsDefaults: { rows: 1 },
      paramsSchema: { type: 'object', properties: { rows: { type: 'integer', description: 'how many' } } },
      tasks: [
        aTask('extract', { executionTimeoutMs: 90_061_500 }),
        aTask('load', { upstream: ['extract'] }),
        aTask('lost', { pool: 'no_such_pool' }),
      ],
    }),
  );
  await web.request('POST', '/api/v2/dags/etl/dagRuns', {
    body: { logical_date: '2026-02-03T00:00:00Z', dag_run_id: 'r1', conf: { rows: 2 } },
  });
  const id = await endInstance(db, { dagId: 'etl', runId: 'r1', taskId: 'extract' }, 'success');
  await db.pool.query(
    `insert into xcom (task_instance_id, key, attempt_id, value, bytes)
     select task_instance_id, 'return_value', attempt_id, '{"rows": [1, 2]}', 15 from task_attempt where task_instance_id = $1`,
    [id],
  );
  await db.pool.query("insert into import_error (file_path, message, stack, line) values ('bad.ts', 'no such thing', 'at bad.ts:3', 3)");
  await db.pool.query(
    `insert into plugin (name, file_path, provides, error) values ('good', 'plugins/good.ts', '{"macros": ["today"]}', null), ('bad', 'plugins/bad.ts', '{}', 'boom')`,
  );
  await saveService(db, { serviceId: 's1', kind: 'scheduler', hostname: 'h', pid: 1, version: '1' });
  const path = logPath(web.config.logsFolder, { dagId: 'etl', runId: 'r1', taskId: 'extract', mapIndex: -1, tryNumber: 1 });
  mkdirSync(dirname(path), { recursive: true });
  const line = (event: string) =>
    formatLogLine({ timestamp: '2026-11-23T08:00:00.000Z', level: 'info', source: 'task', event, fields: { rows: 1 } });
  writeFileSync(path, line('one') + line('two'));
  await web.request('POST', '/api/v2/pools', { body: { name: 'warehouse', slots: 4, description: 'few' } });
  await web.request('POST', '/api/v2/variables', { body: { key: 'greeting', value: 'hello' } });
  await web.request('POST', '/api/v2/connections', {
    body: { connection_id: 'pg', conn_type: 'postgres', password: 'pw', extra: '{"token": "t"}' },
  });
});
afterAll(() => web.stop());

const ANSWERS: readonly (readonly [string, string])[] = [
  ['/api/v2/monitor/health', 'HealthInfoResponse'],
  ['/api/v2/version', 'VersionInfo'],
  ['/api/v2/dags', 'DAGCollectionResponse'],
  ['/api/v2/dags/etl', 'DAGResponse'],
  ['/api/v2/dags/etl/details', 'DAGDetailsResponse'],
  ['/api/v2/dags/etl/tasks', 'TaskCollectionResponse'],
  ['/api/v2/dags/etl/tasks/extract', 'TaskResponse'],
  ['/api/v2/dags/etl/dagVersions', 'DAGVersionCollectionResponse'],
  ['/api/v2/dags/~/dagVersions', 'DAGVersionCollectionResponse'],
  ['/api/v2/dags/etl/dagVersions/1', 'DagVersionResponse'],
  ['/api/v2/dagSources/etl', 'DAGSourceResponse'],
  ['/api/v2/dagTags', 'DAGTagCollectionResponse'],
  ['/api/v2/dagStats', 'DagStatsCollectionResponse'],
  ['/api/v2/dagWarnings', 'DAGWarningCollectionResponse'],
  ['/api/v2/importErrors', 'ImportErrorCollectionResponse'],
  ['/api/v2/importErrors/1', 'ImportErrorResponse'],
  ['/api/v2/dags/etl/dagRuns', 'DAGRunCollectionResponse'],
  ['/api/v2/dags/~/dagRuns', 'DAGRunCollectionResponse'],
  [RUN, 'DAGRunResponse'],
  [`${RUN}/taskInstances`, 'TaskInstanceCollectionResponse'],
  ['/api/v2/dags/~/dagRuns/~/taskInstances', 'TaskInstanceCollectionResponse'],
  [`${RUN}/taskInstances/extract`, 'TaskInstanceResponse'],
  [`${RUN}/taskInstances/extract/-1`, 'TaskInstanceResponse'],
  [`${RUN}/taskInstances/extract/tries`, 'TaskInstanceHistoryCollectionResponse'],
  [`${RUN}/taskInstances/load/tries`, 'TaskInstanceHistoryCollectionResponse'],
  [`${RUN}/taskInstances/extract/tries/1`, 'TaskInstanceHistoryResponse'],
  [`${RUN}/taskInstances/extract/logs/1`, 'TaskInstancesLogResponse'],
  [`${RUN}/taskInstances/extract/xcomEntries`, 'XComCollectionResponse'],
  [`${RUN}/taskInstances/extract/xcomEntries/return_value`, 'XComResponseNative'],
  [`${RUN}/taskInstances/extract/xcomEntries/return_value?stringify=true`, 'XComResponseString'],
  ['/api/v2/pools', 'PoolCollectionResponse'],
  ['/api/v2/pools/warehouse', 'PoolResponse'],
  ['/api/v2/variables', 'VariableCollectionResponse'],
  ['/api/v2/variables/greeting', 'VariableResponse'],
  ['/api/v2/connections', 'ConnectionCollectionResponse'],
  ['/api/v2/connections/pg', 'ConnectionResponse'],
  ['/api/v2/eventLogs', 'EventLogCollectionResponse'],
  ['/api/v2/eventLogs/1', 'EventLogResponse'],
  ['/api/v2/jobs', 'JobCollectionResponse'],
  ['/api/v2/plugins', 'PluginCollectionResponse'],
  ['/api/v2/plugins/importErrors', 'PluginImportErrorCollectionResponse'],
];

describe('answers', () => {
  it.each(ANSWERS)('GET %s is a %s', async (url, schema) => {
    const answer = await web.request('GET', url);
    expect(answer.status, answer.text).toBe(200);
    expectShape(schema, answer.json);
    if ('total_entries' in answer.json) expect(answer.json.total_entries).toBeGreaterThan(0);
  });

  it.each([
    ['GET', '/api/v2/dags/none', undefined, 404],
    ['GET', `${RUN}/taskInstances/none`, undefined, 404],
    ['POST', '/api/v2/dags/etl/dagRuns', { logical_date: '2026-02-03T00:00:00Z' }, 409],
    ['GET', '/api/v2/dags?order_by=secret', undefined, 400],
  ] as const)('%s %s refuses as Airflow does', async (method, url, body, status) => {
    const answer = await web.request(method, url, body ? { body } : {});
    expect(answer.status).toBe(status);
    expectRefusal('HTTPExceptionResponse', answer.json);
  });

  it('name every wrong field of a request', async () => {
    const answer = await web.request('POST', '/api/v2/pools', { body: { slots: 'many', extra: 1 } });
    expect(answer.status).toBe(422);
    expectRefusal('HTTPValidationError', answer.json);
    expect(answer.json.detail.map((problem: { loc: unknown }) => problem.loc)).toEqual([
      ['body', 'name'],
      ['body', 'slots'],
      ['body', 'extra'],
    ]);
  });

  it('are really checked: a missing, an unknown and a wrong field each fail (control)', () => {
    const good = { name: 'p', dag_id: 'd', dag_display_name: 'd' };
    expectShape('DagTagResponse', good);
    for (const bad of [
      { name: 'p', dag_id: 'd' },
      { ...good, more: 1 },
      { ...good, name: 1 },
    ])
      expect(() => expectShape('DagTagResponse', bad)).toThrow();
  });

  it('write durations, dates and params as Airflow does', async () => {
    const details = (await web.request('GET', '/api/v2/dags/etl/details')).json;
    expect(details).toMatchObject({ dag_run_timeout: 'PT90.5S', start_date: '2025-12-31T23:00:00.000Z', timetable_summary: '0 6 * * *' });
    expect(details.params).toEqual({ rows: { value: 1, schema: { type: 'integer', description: 'how many' }, description: 'how many' } });
    const task = (await web.request('GET', '/api/v2/dags/etl/tasks/extract')).json;
    expect(task.execution_timeout).toEqual({ __type: 'TimeDelta', days: 1, seconds: 3661, microseconds: 500_000 });
    expect(task.downstream_task_ids).toEqual(['load']);
  });
});

/** Beside Airflow's `detail` stand a code and the next step, which are ours. */
function expectRefusal(schema: string, { code, next, ...theirs }: Record<string, unknown>): void {
  expect([code, next]).toEqual([expect.stringMatching(/^[A-Z_]+$/), expect.stringMatching(/\.$/)]);
  expectShape(schema, theirs);
}

function expectShape(name: string, value: unknown): void {
  const check = ajv.getSchema(`airflow#/$defs/${name}`);
  if (!check) throw new Error(`the fixture has no schema ${name}`);
  const isValid = check(value);
  expect(isValid ? [] : check.errors?.map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`)).toEqual([]);
}
