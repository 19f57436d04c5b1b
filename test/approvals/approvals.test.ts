/**
 * Goal: what a task asks is answered once, by whom it asks, on every way, and survives restarts. Method: a real scheduler,
 * worker and web server over one database; DAG files in a folder; the CLI as a process.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Config } from '#platform/config/config.ts';
import { quietLogger } from '#platform/logger.ts';
import { until } from '#test/support/until.ts';
import { type Scheduler, startScheduler } from '../../scheduler/main.ts';
import { type RunningWorker, startWorker } from '../../worker/main.ts';
import { type Harness, startHarness } from '../webserver/harness.ts';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../../bin/windlass.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'windlass-approvals-'));
const dags = join(folder, 'dags');

const SOURCE = `
import { appendFileSync } from 'node:fs';
import { dag } from 'windlass';
import { z } from 'zod';
export const signOff = dag('sign_off', { isPausedUponCreation: false }, ({ approval, task }) => {
  const total = task('total', () => 12);
  const ok = approval('ask', { total }, {
    subject: ({ total }) => 'Pay out ' + total + '?', body: 'It is **due**.', options: ['pay', 'hold'], rejects: 'hold',
    form: z.object({ cap: z.number().int(), note: z.string().default('none') }),
    notify: (event) => appendFileSync('${folder}/asked', event.request.subject + ' ' + event.url + '\\n'),
  });
  task('pay', { ok }, ({ ok }) => ok.by + ' ' + ok.form.cap + ' ' + ok.form.note);
});
export const asked = dag('assigned', { isPausedUponCreation: false }, ({ approval }) => {
  approval('ask', {}, { subject: 'Only op', assignees: ['op'], options: ['a', 'b', 'c'], multiple: true });
});
export const late = dag('late', { isPausedUponCreation: false }, ({ approval, task }) => {
  const ok = approval('ask', {}, { subject: 'Quick!', options: ['yes', 'no'], timeout: '1s', fallback: 'no' });
  task('after', { ok }, ({ ok }) => ok.choice + ' ' + ok.timedOut);
  approval('nobody', {}, { subject: 'Quick!', timeout: '1s' });
});
`;

let harness: Harness;
let config: Config;
let scheduler: Scheduler;
let worker: RunningWorker;

beforeAll(async () => {
  mkdirSync(dags);
  writeFileSync(join(dags, 'people.ts'), SOURCE);
  harness = await startHarness({
    dagsFolder: dags,
    logsFolder: join(folder, 'logs'),
    scratchFolder: join(folder, 'scratch'),
    workerSlots: 2,
  });
  config = harness.config;
  await startAll();
  for (const dagId of ['sign_off', 'assigned', 'late'])
    await until(async () => (await harness.request('GET', `/api/v2/dags/${dagId}`)).status === 200, {
      what: `${dagId} is read`,
      deadlineMs: 30_000,
    });
}, 90_000);
afterAll(async () => {
  await stopAll();
  await harness.stop();
});

async function startAll(): Promise<void> {
  const deps = { ...harness.deps, config, logger: quietLogger() };
  scheduler = await startScheduler(deps);
  worker = await startWorker(deps);
}
async function stopAll(): Promise<void> {
  await worker.stop();
  await scheduler.stop();
}

async function trigger(dagId: string): Promise<string> {
  const answer = await harness.request('POST', `/api/v2/dags/${dagId}/dagRuns`, { body: { logical_date: null } });
  return answer.json.dag_run_id;
}
const instance = async (dagId: string, runId: string, taskId: string) =>
  (await harness.request('GET', `/api/v2/dags/${dagId}/dagRuns/${encodeURIComponent(runId)}/taskInstances/${taskId}`)).json;
const reaches = (dagId: string, runId: string, taskId: string, state: string) =>
  until(async () => (await instance(dagId, runId, taskId)).state === state, { what: `${taskId} is ${state}`, deadlineMs: 30_000 });
const details = (dagId: string, runId: string, taskId = 'ask') =>
  `/api/v2/dags/${dagId}/dagRuns/${encodeURIComponent(runId)}/taskInstances/${taskId}/-1/hitlDetails`;
const resultOf = async (dagId: string, runId: string, taskId: string) =>
  (
    await harness.request(
      'GET',
      `/api/v2/dags/${dagId}/dagRuns/${encodeURIComponent(runId)}/taskInstances/${taskId}/xcomEntries/return_value`,
    )
  ).json.value;

it('a task asks, holds no slot, and goes on with the first answer', { timeout: 60_000 }, async () => {
  const runId = await trigger('sign_off');
  await reaches('sign_off', runId, 'ask', 'deferred');
  const asked = await harness.request('GET', details('sign_off', runId), { role: 'viewer' });
  expect(asked.json).toMatchObject({
    subject: 'Pay out 12?',
    body: 'It is **due**.',
    options: ['pay', 'hold'],
    response_received: false,
    params: { note: { value: 'none' }, cap: { value: null, schema: { type: 'integer' } } },
    task_instance: { task_id: 'ask', state: 'deferred' },
  });
  const list = await harness.request('GET', '/api/v2/dags/~/dagRuns/~/hitlDetails?response_received=false&subject_search=Pay');
  expect(list.json).toMatchObject({ total_entries: 1, hitl_details: [{ subject: 'Pay out 12?' }] });

  const answer = (body: object, role: 'viewer' | 'user' | 'op' = 'user') =>
    harness.request('PATCH', details('sign_off', runId), { body, role });
  expect((await answer({ chosen_options: ['pay'] }, 'viewer')).status).toBe(403);
  expect(await answer({ chosen_options: ['stop'] })).toMatchObject({
    status: 400,
    json: { detail: expect.stringMatching(/no option "stop"/) },
  });
  const wrong = await answer({ chosen_options: ['pay'], params_input: { cap: 'much' } });
  expect(wrong).toMatchObject({ status: 400, json: { detail: expect.stringMatching(/cap: must be integer/) } });
  const [first, second] = await Promise.all([
    answer({ chosen_options: ['pay'], params_input: { cap: 7 } }),
    answer({ chosen_options: ['hold'], params_input: { cap: 1 } }, 'op'),
  ]);
  expect([first.status, second.status].sort()).toEqual([200, 409]);
  const loser = first.status === 409 ? first : second;
  expect(loser.json.detail).toMatch(/has answered already: (pay|hold)/);
  await reaches('sign_off', runId, 'ask', 'success');
  if (first.status === 200) {
    await reaches('sign_off', runId, 'pay', 'success');
    expect(await resultOf('sign_off', runId, 'pay')).toBe('user 7 none');
  } else await reaches('sign_off', runId, 'pay', 'skipped');
  const after = await harness.request('GET', details('sign_off', runId));
  expect(after.json).toMatchObject({ response_received: true, responded_by_user: { name: first.status === 200 ? 'user' : 'op' } });
  const audit = await harness.db.pool.query(`select actor from audit_log where action = 'approval.answer' and run_id = $1`, [runId]);
  expect(audit.rows).toHaveLength(1);
});

it('tells its notifier, with a link to the page that asks', { timeout: 60_000 }, async () => {
  const { readFileSync } = await import('node:fs');
  const text = await until(
    () => {
      try {
        return readFileSync(join(folder, 'asked'), 'utf8');
      } catch {
        return false;
      }
    },
    { what: 'the notifier is called' },
  );
  expect(text).toMatch(/^Pay out 12\? http:\/\/localhost:\d+\/dags\/sign_off\/runs\/.*\/tasks\/ask\/respond$/m);
});

it('only those who are asked may answer, and several options where several may be chosen', { timeout: 60_000 }, async () => {
  const runId = await trigger('assigned');
  await reaches('assigned', runId, 'ask', 'deferred');
  const answer = (chosen: string[], role: 'admin' | 'op') =>
    harness.request('PATCH', details('assigned', runId), { body: { chosen_options: chosen }, role });
  expect(await answer(['a'], 'admin')).toMatchObject({
    status: 403,
    json: { detail: expect.stringMatching(/admin is not asked. Only op/) },
  });
  expect((await answer(['a', 'c'], 'op')).status).toBe(200);
  await reaches('assigned', runId, 'ask', 'success');
  expect(await resultOf('assigned', runId, 'ask')).toMatchObject({ choices: ['a', 'c'], by: 'op' });
});

it('the fallback counts when nobody answers in time; without one the task fails', { timeout: 60_000 }, async () => {
  const runId = await trigger('late');
  await reaches('late', runId, 'after', 'success');
  expect(await resultOf('late', runId, 'after')).toBe('no true');
  await reaches('late', runId, 'nobody', 'failed');
  expect((await harness.request('GET', details('late', runId))).json).toMatchObject({ chosen_options: ['no'], responded_by_user: null });
  expect(await harness.request('PATCH', details('late', runId, 'nobody'), { body: { chosen_options: ['Approve'] } })).toMatchObject({
    status: 409,
    json: { detail: expect.stringMatching(/time to answer is over/) },
  });
});

it('a question outlives scheduler and worker; the CLI answers it; a clear asks again', { timeout: 120_000 }, async () => {
  const runId = await trigger('sign_off');
  await reaches('sign_off', runId, 'ask', 'deferred');
  await stopAll();
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], DATABASE_URL: harness.db.url, WINDLASS_LOG_LEVEL: 'error' };
  const cli = (...args: string[]) => run(process.execPath, [PROGRAM, ...args], { env });
  const listed = JSON.parse((await cli('approvals', 'list', '--dag-id', 'sign_off', '--output', 'json')).stdout);
  expect(listed).toMatchObject([{ dag_id: 'sign_off', run_id: runId, subject: 'Pay out 12?', options: 'pay, hold' }]);
  const done = await cli('approvals', 'answer', 'sign_off', runId, 'ask', 'pay', '--form', '{"cap": 3, "note": "by hand"}');
  expect(done.stderr).toContain('"Pay out 12?" is answered: pay.');
  await expect(cli('approvals', 'answer', 'sign_off', runId, 'ask', 'hold')).rejects.toMatchObject({
    stderr: expect.stringMatching(/has answered already/),
  });
  await startAll();
  await reaches('sign_off', runId, 'pay', 'success');
  expect(await resultOf('sign_off', runId, 'pay')).toBe('cli 3 by hand');

  const cleared = { dry_run: false, dag_run_id: runId, task_ids: ['ask'], only_failed: false, include_downstream: true };
  expect((await harness.request('POST', '/api/v2/dags/sign_off/clearTaskInstances', { body: cleared })).status).toBe(200);
  await reaches('sign_off', runId, 'ask', 'deferred');
  expect((await harness.request('GET', details('sign_off', runId))).json).toMatchObject({ response_received: false });
  const again = { body: { chosen_options: ['hold'], params_input: { cap: 1 } } };
  expect((await harness.request('PATCH', details('sign_off', runId), again)).status).toBe(200);
  await reaches('sign_off', runId, 'pay', 'skipped');
});
