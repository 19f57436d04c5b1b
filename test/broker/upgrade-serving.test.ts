/**
 * Goal: web server, monitor and triggerer serve while the others are a version older or newer than they: what they are asked for is
 * done, what they show is there, waits end. Method: real processes of this version and of the next one (test/support/next-version.ts).
 */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createUser, issueToken } from '#platform/auth/users.ts';
import { type Fleet, LEDGER, type Member, type Role, startFleet } from '#test/support/fleet.ts';
import { nextVersion } from '#test/support/next-version.ts';
import { until } from '#test/support/until.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const FILE = `
import { dag, waitFor } from 'windlass';
${LEDGER}
export const waits = dag('waits', {}, ({ task, sensor }) => { task('after', note, { after: sensor('soon', waitFor('1s')) }); });
`;

let fleet: Fleet;
let token: string;
beforeEach(async () => {
  fleet = await startFleet({ 'dags.ts': FILE });
  await createUser(fleet.database.db, { username: 'caller', password: 'correct horse battery', role: 'admin' });
  token = (await issueToken(fleet.database.db, { username: 'caller', kind: 'api', ttlMs: 3_600_000 })).token;
});
afterEach(() => fleet.close());

async function ask(member: Member, method: string, path: string, body?: object) {
  const response = await fetch(`${member.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, text: await response.text() };
}

it.each([
  { others: 'older', areNew: true },
  { others: 'newer', areNew: false },
])('they serve beside a scheduler and a worker that are $others', async ({ areNew }) => {
  const start = (role: Role, isNew: boolean) => fleet.start(role, isNew ? nextVersion() : {});
  await Promise.all([start('scheduler', !areNew), start('worker', !areNew)]);
  const [web, monitor] = await Promise.all([start('webserver', areNew), start('monitor', areNew), start('triggerer', areNew)]);
  await fleet.know('waits');

  const made = await ask(web, 'POST', '/api/v2/dags/waits/dagRuns', { dag_run_id: 'asked', logical_date: null });
  expect(made.status, made.text).toBe(200);
  expect(await fleet.allEnded(60_000)).toEqual({ success: 1 });
  expect(fleet.ledger()).toHaveLength(1);
  expect(await fleet.sql(`select ti.state from task_instance ti where task_id = 'soon'`)).toEqual([{ state: 'success' }]);

  // Whatever language the spec is written in, it is shown or told, and never a fault of the server.
  for (const path of [
    '/api/v2/dags',
    '/api/v2/dags/waits/details',
    '/api/v2/dags/waits/tasks',
    '/api/v2/dags/waits/dagRuns/asked/taskInstances',
  ]) {
    const answer = await ask(web, 'GET', path);
    expect([path, answer.status], answer.text).toEqual([path, 200]);
  }
  const cleared = await ask(web, 'POST', '/api/v2/dags/waits/clearTaskInstances', {
    dag_run_id: 'asked',
    task_ids: ['after'],
    dry_run: false,
    only_failed: false,
  });
  expect(cleared.status, cleared.text).toBe(200);
  await until(() => fleet.ledger().length === 2, { what: 'the cleared task has run again', deadlineMs: 60_000 });

  const [{ id } = { id: '' }] = await fleet.sql<{ id: string }>(`select service_id as id from service where kind = 'worker'`);
  const overview = await ask(monitor, 'GET', '/api/v1/overview');
  expect(overview.status, overview.text).toBe(200);
  const paused = await ask(monitor, 'POST', `/api/v1/workers/${encodeURIComponent(id)}/pause`);
  expect(paused.text).toContain('"outcome":"done"');
  expect(await fleet.sql(`select state from service where kind = 'worker'`)).toEqual([{ state: 'paused' }]);
  expect(fleet.members.map((member) => member.hasEnded())).not.toContain(true);
});
