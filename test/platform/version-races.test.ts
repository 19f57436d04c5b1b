// Goal: a run that is created while its DAG's unused version is replaced gets the new version, whoever creates it.
// Method: two real connections; the replacement is held before its commit until the other one waits for it, every time.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '#platform/clock.ts';
import type { Queryable } from '#platform/db/client.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import { saveParsedFile } from '#platform/db/queries/save-parsed-file.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { until } from '#test/support/until.ts';
import { type Harness, startHarness } from '../webserver/harness.ts';

let web: Harness;
beforeAll(async () => {
  web = await startHarness();
});
afterAll(() => web.stop());

const save = (tx: Queryable, taskId: string) =>
  saveParsedFile(tx, {
    bundleName: 'dags-folder',
    filePath: 'etl.ts',
    bundleVersion: null,
    bundle: { hash: taskId.padEnd(64, '0'), codeHash: taskId.padEnd(64, '0'), sdkHash: null, code: '' },
    source: '',
    parseMs: 1,
    dags: [{ spec: aDagSpec('etl', [aTask(taskId)]), versionId: newId(), contentHash: taskId, pausedAtCreation: false }],
  });

const aRun = (dagRunId: string) => ({
  dagRunId,
  dagId: 'etl',
  runId: `manual__${dagRunId}`,
  runType: 'manual' as const,
  logicalDate: null,
  dataIntervalStart: null,
  dataIntervalEnd: null,
  runAfter: new Date(),
  conf: {},
  triggeredBy: 'test' as const,
  triggeringUser: null,
  note: null,
});

const sql = async <Row>(text: string, values: unknown[] = []) => (await web.db.pool.query(text, values)).rows as Row[];
const tasksOf = async (where: string) =>
  (await sql<{ task_id: string }>(`select task_id from task_instance join dag_run using (dag_run_id) where ${where}`)).map(
    (row) => row.task_id,
  );

/** Replaces the version by one with the task `taskId`, and commits only when `create` waits for that. */
async function replaceDuring<T>(taskId: string, create: () => Promise<T>): Promise<T> {
  let creating: Promise<T> | undefined;
  await web.db.transaction('replace', async (tx) => {
    await save(tx, taskId);
    creating = create();
    creating.catch(() => {});
    await until(
      async () =>
        (
          await sql(
            `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%into dag_run %'`,
          )
        ).length,
      { what: 'the new run waits for the version that is replaced' },
    );
  });
  return creating as Promise<T>;
}

beforeEach(async () => {
  await sql('delete from dag_run');
  await web.db.transaction('first_version', (tx) => save(tx, 'old'));
});

describe('a run that is created while the unused version of its DAG is replaced', () => {
  it('gets the new version from a single statement, as when its time came', async () => {
    const dagRunId = newId();
    const created = await replaceDuring('by_statement', () => createDagRuns(web.db, [aRun(dagRunId)]));
    expect(created).toEqual(new Set([dagRunId]));
    expect(await tasksOf(`dag_run_id = '${dagRunId}'`)).toEqual(['by_statement']);
  });

  it('gets the new version in a transaction, which is done again as a whole', async () => {
    const dagRunId = newId();
    let tries = 0;
    await replaceDuring('by_transaction', () =>
      web.db.transaction('trigger', async (tx) => {
        tries += 1;
        await tx.query({ name: 'note', text: `insert into audit_log (actor, action) values ('u', 'dag_run.test')` });
        await createDagRuns(tx, [aRun(dagRunId)]);
      }),
    );
    expect(tries).toBe(2);
    expect(await tasksOf(`dag_run_id = '${dagRunId}'`)).toEqual(['by_transaction']);
    expect(await sql(`select 1 from audit_log where action = 'dag_run.test'`)).toHaveLength(1);
  });

  it('is answered 200 by the API, with one line of audit', async () => {
    const answer = await replaceDuring('by_api', () => web.request('POST', '/api/v2/dags/etl/dagRuns', { body: { logical_date: null } }));
    expect(answer.status).toBe(200);
    expect(await tasksOf(`run_id = '${answer.json.dag_run_id}'`)).toEqual(['by_api']);
    expect(await sql(`select 1 from audit_log where action = 'dag_run.trigger'`)).toHaveLength(1);
  });

  it('keeps the old version when it came first', async () => {
    const dagRunId = newId();
    let saving: Promise<unknown> | undefined;
    await web.db.transaction('trigger', async (tx) => {
      await createDagRuns(tx, [aRun(dagRunId)]);
      saving = web.db.transaction('replace', (other) => save(other, 'later'));
      saving.catch(() => {});
      await until(
        async () => (await sql(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)).length,
        { what: 'the replacement waits for the run' },
      );
    });
    await saving;
    expect(await tasksOf(`dag_run_id = '${dagRunId}'`)).toEqual(['old']);
    expect(await sql("select task from dag_version v, jsonb_array_elements(spec->'tasks') t(task)")).toHaveLength(2);
  });
});
