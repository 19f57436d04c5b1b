/** Changes asked for by the API: the caller asks again until it is answered, as a script does. */
import { issueToken } from '#platform/auth/tokens.ts';
import { createUser } from '#platform/auth/users.ts';
import { until } from '#test/support/until.ts';
import type { ProbedCluster } from './cluster.ts';
import type { Work, Workload } from './workloads.ts';

const ANSWER_MS = 120_000;
const REQUEST_MS = 15_000;
const tokens = new WeakMap<ProbedCluster, Promise<string>>();

/** A run with an id of the caller's choice: asked for twice, it is there once. */
export const triggerByApi: Workload = async (cluster, turn) => {
  const runId = `asked_${turn}`;
  const answered = ask(cluster, 'POST', '/api/v2/dags/steps_a/dagRuns', { dag_run_id: runId, logical_date: null });
  return {
    async done() {
      await answered;
      return ended(cluster, runId);
    },
    also: () => auditedOnce(cluster, runId, 'dag_run.trigger'),
  };
};

export const clearByApi: Workload = async (cluster) => {
  const runId = await aRunThatEnded(cluster);
  const answered = ask(cluster, 'POST', '/api/v2/dags/steps_a/clearTaskInstances', {
    dag_run_id: runId,
    task_ids: ['last'],
    dry_run: false,
    only_failed: false,
  });
  return changed(cluster, runId, answered, async () => {
    const rows = await cluster.sql<{ state: string; clear_number: number }>(
      `select ti.state, ti.clear_number from task_instance ti join dag_run r using (dag_run_id) where r.run_id = $1 and ti.task_id = 'last'`,
      [runId],
    );
    const [last] = rows;
    return last?.state === 'success' && last.clear_number >= 1 ? [] : [`last is ${last?.state}, cleared ${last?.clear_number} times`];
  });
};

export const markByApi: Workload = async (cluster) => {
  const runId = await aRunThatEnded(cluster);
  const answered = ask(cluster, 'PATCH', `/api/v2/dags/steps_a/dagRuns/${runId}/taskInstances/last`, { new_state: 'skipped' });
  return changed(cluster, runId, answered, async () => {
    const rows = await cluster.sql<{ state: string }>(
      `select ti.state from task_instance ti join dag_run r using (dag_run_id) where r.run_id = $1 and ti.task_id = 'last'`,
      [runId],
    );
    return rows[0]?.state === 'skipped' ? [] : [`last is ${rows[0]?.state}, it was marked skipped`];
  });
};

function changed(cluster: ProbedCluster, runId: string, answered: Promise<void>, also: () => Promise<readonly string[]>): Work {
  return {
    async done() {
      await answered;
      return ended(cluster, runId);
    },
    also: async () => [...(await also()), ...(await auditedOnce(cluster, runId, 'task_instance.%'))],
  };
}

async function aRunThatEnded(cluster: ProbedCluster): Promise<string> {
  const runs = await cluster.trigger(['steps_a']);
  await cluster.ended(runs);
  return (await cluster.sql<{ run_id: string }>('select run_id from dag_run where dag_run_id = any($1)', [runs]))[0]?.run_id as string;
}

async function ended(cluster: ProbedCluster, runId: string): Promise<readonly string[]> {
  const rows = () =>
    cluster.sql<{ id: string; over: boolean }>('select dag_run_id as id, ended_at is not null as over from dag_run where run_id = $1', [
      runId,
    ]);
  await until(async () => (await rows()).every((row) => row.over), { what: `the run ${runId} ends`, deadlineMs: ANSWER_MS });
  const found = await rows();
  if (found.length !== 1) throw new Error(`there are ${found.length} runs ${runId}`);
  return found.map((row) => row.id);
}

/** Every change has its row, and there is no row without one: a change that was undone left none. */
async function auditedOnce(cluster: ProbedCluster, runId: string, action: string): Promise<readonly string[]> {
  const rows = await cluster.sql<{ n: number }>('select count(*)::int as n from audit_log where run_id = $1 and action like $2', [
    runId,
    action,
  ]);
  return rows[0]?.n === 1 ? [] : [`${rows[0]?.n} audit rows for ${runId}`];
}

/** Until there is an answer that is no failure of the server. A conflict says that it was done before. */
async function ask(cluster: ProbedCluster, method: string, path: string, body: object): Promise<void> {
  const token = await tokenOf(cluster);
  const attempt = async () => {
    const response = await fetch(`${cluster.urlOf('webserver')}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_MS),
    });
    if (response.status < 500 && !response.ok && response.status !== 409) return `${response.status}: ${await response.text()}`;
    return response.status < 500 && 'answered';
  };
  const answer = await until(attempt, { what: `${method} ${path} is answered`, deadlineMs: ANSWER_MS, pollMs: 100 });
  if (answer !== 'answered') throw new Error(answer);
}

function tokenOf(cluster: ProbedCluster): Promise<string> {
  const known = tokens.get(cluster) ?? makeToken(cluster);
  tokens.set(cluster, known);
  return known;
}

async function makeToken(cluster: ProbedCluster): Promise<string> {
  await createUser(cluster.db, { username: 'caller', password: 'correct horse battery', role: 'admin' });
  return (await issueToken(cluster.db, { username: 'caller', kind: 'api', ttlMs: 3_600_000 })).token;
}
