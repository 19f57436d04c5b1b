/** What makes a process get to a probe, and when that work is done. Each is small: a run or two, of a few tasks. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBackfill } from '#platform/backfill/create-backfill.ts';
import { clear } from '#platform/change-of-mind/clear.ts';
import { systemClock } from '#platform/clock.ts';
import { setDagPaused } from '#platform/db/queries/api/set-dag-paused.ts';
import { processesOf } from '#test/support/process-tree.ts';
import { until } from '#test/support/until.ts';
import type { ProbedCluster, Role } from './cluster.ts';
import { dagFile, ledgerOf, streamOf } from './dag-texts.ts';
import { readLedger } from './ledger.ts';

export interface Work {
  /** Resolves when all of it has ended, with the runs there are because of it. */
  done(): Promise<readonly string[]>;
  /** What else must be so then; returns what is not. */
  readonly also?: () => Promise<readonly string[]>;
}

/** `turn`: a number no other cell of the cluster has. */
export type Workload = (cluster: ProbedCluster, turn: number) => Promise<Work>;

const DONE_MS = 120_000;

/** Runs of these DAGs. */
export function runsOf(...dagIds: readonly string[]): Workload {
  return async (cluster) => {
    const runs = await cluster.trigger(dagIds);
    return { done: () => endedWith(cluster, runs), also: () => callbacksCalled(cluster, runs) };
  };
}

/** Runs of `dagId` that the system makes by itself. */
async function runsSince(cluster: ProbedCluster, dagId: string, since: Date, count: number): Promise<readonly string[]> {
  const made = () =>
    cluster.sql<{ id: string }>('select dag_run_id as id from dag_run where dag_id = $1 and queued_at >= $2', [dagId, since]);
  await until(async () => (await made()).length >= count, { what: `${count} runs of ${dagId} are made`, deadlineMs: DONE_MS });
  const ids = (await made()).map((row) => row.id);
  if (ids.length > count) throw new Error(`${ids.length} runs of ${dagId} were made instead of ${count}`);
  return endedWith(cluster, ids);
}

async function endedWith(cluster: ProbedCluster, runs: readonly string[]): Promise<readonly string[]> {
  await cluster.ended(runs);
  return runs;
}

async function databaseNow(cluster: ProbedCluster): Promise<Date> {
  return (await cluster.sql<{ now: Date }>('select clock_timestamp() as now'))[0]?.now as Date;
}

/** Each run that has callbacks had them called. */
async function callbacksCalled(cluster: ProbedCluster, runs: readonly string[]): Promise<readonly string[]> {
  const open = () => cluster.sql(`select 1 from callback_request where dag_run_id = any($1) and state in ('pending', 'running')`, [runs]);
  await until(async () => (await open()).length === 0, { what: 'every callback is called', deadlineMs: DONE_MS });
  const asked = await cluster.sql<{ run_id: string; dag_id: string; state: string }>(
    'select r.run_id, r.dag_id, c.state from callback_request c join dag_run r using (dag_run_id) where r.dag_run_id = any($1)',
    [runs],
  );
  const called = new Set(
    readLedger(ledgerOf(cluster.folder)).flatMap((note) => (note.what === 'callback' ? [`${note.dag} ${note.run}`] : [])),
  );
  return asked.flatMap(({ dag_id, run_id, state }) =>
    state === 'success' && called.has(`${dag_id} ${run_id}`) ? [] : [`the callback of ${dag_id} ${run_id} is ${state}`],
  );
}

/** A DAG of its own that has three runs of the past due once it is unpaused, which makes a process get to the probe. */
export const datedRuns: Workload = async (cluster, turn) => {
  const dated = await newFile(cluster, turn);
  await dated.unpause();
  return dated;
};

/** The same, while saving its file makes a process get there. */
export const newDatedFile: Workload = async (cluster, turn) => {
  const dated = await newFile(cluster, turn);
  return {
    ...dated,
    async done() {
      await dated.unpause();
      return dated.done();
    },
  };
};

async function newFile(cluster: ProbedCluster, turn: number): Promise<Work & { unpause(): Promise<void> }> {
  const dagId = `dated_${turn}`;
  const since = await databaseNow(cluster);
  writeFileSync(join(cluster.folder, 'dags', `${dagId}.ts`), dagFile(cluster.folder, { [dagId]: 'dated' }));
  return {
    async unpause() {
      await cluster.parsed();
      await setDagPaused(cluster.db, [dagId], false);
      cluster.broker.ring('dags_changed', { dagIds: [dagId] });
    },
    done: () => runsSince(cluster, dagId, since, 3),
    also: async () => {
      const rows = await cluster.sql<{ day: string }>(
        `select to_char(logical_date, 'YYYY-MM-DD') as day from dag_run where dag_id = $1 order by 1`,
        [dagId],
      );
      const days = rows.map((row) => row.day).join(' ');
      return days === '2026-03-01 2026-03-02 2026-03-03' ? [] : [`runs were made for ${days}`];
    },
  };
}
export const backfill: Workload = async (cluster, turn) => {
  const since = await databaseNow(cluster);
  const from = new Date(Date.UTC(2025, 0, 1 + 3 * turn));
  const to = new Date(from.getTime() + 86_400_000);
  const { backfillId } = await createBackfill(
    cluster.db,
    { dagId: 'daily', from, to },
    { triggeredBy: 'cli', triggeringUser: 'test' },
    systemClock.now(),
  );
  return {
    async done() {
      const runs = await runsSince(cluster, 'daily', since, 2);
      const complete = () => cluster.sql('select 1 from backfill where backfill_id = $1 and completed_at is not null', [backfillId]);
      await until(async () => (await complete()).length === 1, { what: 'the backfill is complete', deadlineMs: DONE_MS });
      return runs;
    },
  };
};

/** An asset is made; the DAG that waits for it runs once. */
export const assetRuns: Workload = async (cluster) => {
  const since = await databaseNow(cluster);
  const runs = await cluster.trigger(['makes']);
  return { done: async () => [...(await endedWith(cluster, runs)), ...(await runsSince(cluster, 'takes', since, 1))] };
};

/** A watched file changes; the DAG that waits for it runs once. */
export const watchedAsset: Workload = async (cluster, turn) => {
  const looked = () => cluster.sql(`select 1 from asset_watch where mark is not null`);
  const file = join(cluster.folder, 'watched.txt');
  if ((await looked()).length === 0) writeFileSync(file, 'as it was before');
  await until(async () => (await looked()).length > 0, { what: 'the file was looked at once', deadlineMs: DONE_MS });
  const since = await databaseNow(cluster);
  writeFileSync(file, `changed for the ${turn}th time`.padEnd(20 + (turn % 50), '.'));
  return { done: () => runsSince(cluster, 'watches', since, 1) };
};

/** An entry is added to a stream that an asset watches; the DAG that waits for it runs once, and the entry is acknowledged. */
export const heardEntry: Workload = async (cluster, turn) => {
  const watch = `select 1 from asset_watch w join asset a using (asset_id) where a.name = 'heard' and w.has_looked`;
  await until(async () => (await cluster.sql(watch)).length > 0, { what: 'the stream is listened to', deadlineMs: DONE_MS });
  const since = await databaseNow(cluster);
  const stream = streamOf(cluster.folder);
  await cluster.redis.say(`XADD ${stream} * turn ${turn}`);
  return {
    done: () => runsSince(cluster, 'hears', since, 1),
    async also() {
      const pending = () => cluster.redis.say(`XPENDING ${stream} windlass:heard`);
      await until(async () => /^\*4\r?\n:0/.test(await pending()), { what: 'the entry is acknowledged', deadlineMs: DONE_MS });
      return [];
    },
  };
};

/** A DAG triggers a run of another, which is made once. */
export const triggeredRun: Workload = async (cluster) => {
  const since = await databaseNow(cluster);
  const runs = await cluster.trigger(['parent']);
  return { done: async () => [...(await endedWith(cluster, runs)), ...(await runsSince(cluster, 'child', since, 1))] };
};

/** The file of a DAG is saved anew; runs are of the version that is there afterwards. */
export const editedFile: Workload = async (cluster, turn) => {
  const marker = `edited for the ${turn}th time`;
  const text = dagFile(cluster.folder, { edited: 'child' }).replace(
    'isPausedUponCreation',
    `description: '${marker}', isPausedUponCreation`,
  );
  writeFileSync(join(cluster.folder, 'dags', 'edited.ts'), text);
  return {
    async done() {
      const saved = () =>
        cluster.sql(
          `select 1 from dag d join dag_version v using (version_id) where d.dag_id = 'edited' and v.spec ->> 'description' = $1`,
          [marker],
        );
      await until(async () => (await saved()).length === 1, { what: 'the new version is there', deadlineMs: DONE_MS });
      return endedWith(cluster, await cluster.trigger(['edited']));
    },
  };
};

/** Resolves when the body of a task of each run is at work. */
export async function begun(cluster: ProbedCluster, runs: readonly string[]): Promise<void> {
  const rows = () =>
    cluster.sql(
      `select distinct ti.dag_run_id from task_attempt a join task_instance ti using (task_instance_id)
                  where ti.dag_run_id = any($1) and a.body_started_at is not null`,
      [runs],
    );
  await until(async () => (await rows()).length === runs.length, { what: 'the bodies are at work', deadlineMs: DONE_MS });
}

/** Runs of these DAGs, after all idle task processes have gone: one that is at hand is given to a claim, and none is taken for it. */
export function coldRunsOf(...dagIds: readonly string[]): Workload {
  return async (cluster, turn) => {
    const idle = cluster.pidsOf('worker').flatMap((pid) => processesOf(pid));
    for (const pid of idle) signalIfThere(pid, 'SIGKILL');
    await until(() => idle.every((pid) => !signalIfThere(pid, 0)), { what: 'idle task processes are gone', deadlineMs: DONE_MS });
    return runsOf(...dagIds)(cluster, turn);
  };
}

function signalIfThere(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** While bodies are at work, processes of the role get a signal: all, or the first one. */
export function signalled(role: Role, signal: NodeJS.Signals, dagIds: readonly string[], which: 'all' | 'first'): Workload {
  return async (cluster) => {
    const runs = await cluster.trigger(dagIds);
    if (role === 'worker') await begun(cluster, runs);
    for (const pid of cluster.pidsOf(role).slice(0, which === 'first' ? 1 : undefined)) process.kill(pid, signal);
    return { done: () => endedWith(cluster, runs), also: () => callbacksCalled(cluster, runs) };
  };
}

/** The triggerer that looks after a wait is killed. */
export const orphanedWait: Workload = async (cluster) => {
  const runs = await cluster.trigger(['waits']);
  const owner = await until(
    async () => {
      const rows = await cluster.sql<{ pid: number }>(
        'select s.pid from waiter w join service s on s.service_id = w.owner join task_instance ti using (task_instance_id) where ti.dag_run_id = any($1)',
        [runs],
      );
      return rows[0]?.pid;
    },
    { what: 'a triggerer owns the wait', deadlineMs: DONE_MS },
  );
  process.kill(owner, 'SIGKILL');
  return { done: () => endedWith(cluster, runs) };
};

/** A person clears a task while its body is at work. */
export const clearedAtWork: Workload = async (cluster) => {
  const runs = await cluster.trigger(['slow']);
  await begun(cluster, runs);
  const [run] = await cluster.sql<{ run_id: string }>('select run_id from dag_run where dag_run_id = any($1)', [runs]);
  const cleared = await cluster.db.transaction('clear', (tx) =>
    clear(
      tx,
      {
        dagId: 'slow',
        runIds: [run?.run_id as string],
        tasks: null,
        reach: { upstream: false, downstream: false },
        includePast: false,
        includeFuture: false,
        only: null,
        resetDagRuns: true,
        onLatestVersion: false,
        preventRunningTask: false,
        note: null,
      },
      'test',
    ),
  );
  cluster.broker.ring('leases_changed', { ids: cleared.instances.map((row) => row.task_instance_id) });
  cluster.broker.ring('runs_changed', { dagIds: ['slow'] });
  return { done: () => endedWith(cluster, runs) };
};
