/** Goal: of two people who want opposite things at the same moment, both are in the audit log, and the later one has the last word. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkInvariants } from '#platform/db/invariants/check-invariants.ts';
import { aSpec, aTask, endInstance, saveDag } from './dag-fixtures.ts';
import { type Harness, startHarness } from './harness.ts';

const TIMES = 12;

let web: Harness;
beforeAll(async () => {
  web = await startHarness();
  await saveDag(web.db, aSpec('etl', { tasks: [aTask('extract'), aTask('load', { upstream: ['extract'] })] }));
});
afterAll(() => web.stop());

async function failedRun(runId: string): Promise<void> {
  await web.request('POST', '/api/v2/dags/etl/dagRuns', { body: { logical_date: null, dag_run_id: runId } });
  await endInstance(web.db, { dagId: 'etl', runId, taskId: 'extract' }, 'failed');
}

const sql = async <Row>(text: string, values: readonly unknown[]) => (await web.db.pool.query(text, [...values])).rows as Row[];
const stateOf = async (runId: string) =>
  (
    await sql<{ state: string }>(
      `select ti.state from task_instance ti join dag_run r using (dag_run_id) where r.run_id = $1 and ti.task_id = 'extract'`,
      [runId],
    )
  )[0]?.state;
/** Who did what, in the order in which it was committed: both lock the same row first. */
const audited = (runId: string) =>
  sql<{ action: string; actor: string }>(
    `select action, actor from audit_log where run_id = $1 and action like 'task_instance.%' order by audit_id`,
    [runId],
  );

it('marks of two people: both are answered and audited, and the state is that of the later one', async () => {
  for (let n = 0; n < TIMES; n++) {
    const runId = `marks_${n}`;
    await failedRun(runId);
    const path = `/api/v2/dags/etl/dagRuns/${runId}/taskInstances/extract`;
    const mark = (role: 'admin' | 'op', state: string) => web.request('PATCH', path, { role, body: { new_state: state } });
    const both = n % 2 === 0 ? [mark('admin', 'success'), mark('op', 'skipped')] : [mark('op', 'skipped'), mark('admin', 'success')];
    expect((await Promise.all(both)).map((answer) => answer.status)).toEqual([200, 200]);
    const rows = await audited(runId);
    expect(rows.map((row) => row.actor).toSorted()).toEqual(['admin', 'op']);
    expect(await stateOf(runId)).toBe(rows.at(-1)?.actor === 'admin' ? 'success' : 'skipped');
  }
});

it('one clears what another one marks: both are audited, and the instance runs again unless the mark came last', async () => {
  for (let n = 0; n < TIMES; n++) {
    const runId = `clears_${n}`;
    await failedRun(runId);
    const path = `/api/v2/dags/etl/dagRuns/${runId}/taskInstances/extract`;
    const mark = () => web.request('PATCH', path, { role: 'op', body: { new_state: 'success' } });
    const body = { dag_run_id: runId, task_ids: ['extract'], only_failed: false, dry_run: false };
    const clear = () => web.request('POST', '/api/v2/dags/etl/clearTaskInstances', { body });
    const answers = await Promise.all(n % 2 === 0 ? [mark(), clear()] : [clear(), mark()]);
    expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
    const rows = await audited(runId);
    expect(rows.map((row) => row.actor).toSorted()).toEqual(['admin', 'op']);
    expect(await stateOf(runId)).toBe(rows.at(-1)?.actor === 'op' ? 'success' : 'none');
  }
});

it('a run that one person deletes while another one marks it is gone, and no row of it is left', async () => {
  for (let n = 0; n < TIMES; n++) {
    const runId = `gone_${n}`;
    await failedRun(runId);
    const path = `/api/v2/dags/etl/dagRuns/${runId}`;
    const [deleted, marked] = await Promise.all([
      web.request('DELETE', path),
      web.request('PATCH', `${path}/taskInstances/extract`, { role: 'op', body: { new_state: 'success' } }),
    ]);
    expect(deleted.status).toBe(204);
    expect([200, 404, 409]).toContain(marked.status);
    expect(await sql('select 1 from dag_run where run_id = $1', [runId])).toEqual([]);
  }
  const orphans = await sql('select 1 from task_instance ti left join dag_run r using (dag_run_id) where r.dag_run_id is null', []);
  expect(orphans).toEqual([]);
});

it('and the history of all of it is a chain', async () => {
  const checked = await checkInvariants(web.db, 600_000);
  expect(checked.filter((one) => one.violations.length > 0 || one.error !== null)).toEqual([]);
});
