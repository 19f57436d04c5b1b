/** One fault each, in which one measure of schedulers is all that stands between them and a broken promise. */
import { until } from '#test/support/until.ts';
import { ONE_SLOT, SLOT_DAGS } from './stage-dags.ts';
import { BAD_LUCK_MS, type Script } from './worker-scripts.ts';

/** While nothing is broken, a bell comes sooner after the commit. */
const ONE_HOP_MS = 1_000;
const PATIENCE_MS = 30_000;

/** The commit that queues a task takes its time: somebody has its row. */
export const slowCommit: Script = async (stage) => {
  const run = await stage.create('quick');
  const letGo = await stage.lockInstances(run);
  stage.arm('consume.received', 'note');
  stage.ring(run);
  await until(() => stage.isBlocked('moved as ('), { what: 'the flush waits for the row', deadlineMs: PATIENCE_MS });
  await until(() => stage.pidAt('consume.received'), { what: 'a worker hears', deadlineMs: BAD_LUCK_MS }).catch(() => {});
  const isEarly = stage.pidAt('consume.received') !== null;
  await letGo();
  await until(async () => (await stage.instance(run)).state !== 'none', { what: 'it is committed', deadlineMs: PATIENCE_MS });
  const unrung = await stage.unrung(run, ONE_HOP_MS);
  if (unrung.length === 0) await stage.ended(run);
  return [...(isEarly ? [`${run.dagId} ${run.runId}: a worker was rung for it before it was queued in Postgres`] : []), ...unrung];
};

/** An attempt's end is being committed while its lease runs out. */
export const endDuringRescue: Script = async (stage) => {
  const run = await stage.run('held');
  const first = await stage.began(run, 1);
  const letGo = await stage.holdCommits();
  stage.go(run, first.tryNumber);
  await until(() => stage.isBlocked('moved as ('), { what: 'the end is being written', deadlineMs: PATIENCE_MS });
  stage.arm('rescue.after_commit', 'note');
  const isRescued = async () => stage.pidAt('rescue.after_commit') !== null || (await stage.isBlocked('requeue_unstarted'));
  await until(isRescued, { what: 'rescue has found it', deadlineMs: PATIENCE_MS });
  await letGo();
  // Whoever wrote it off has it done again.
  stage.go(run, first.tryNumber + 1);
  await stage.ended(run);
  return [];
};

/** A scheduler stands still in the middle of taking the last slot of a pool; another one wants it, too. */
export const lastSlot: Script = async (stage) => {
  const owners = await Promise.all(SLOT_DAGS.map(async (dagId) => ({ dagId, owner: await stage.ownerOf(dagId) })));
  const [one] = owners;
  const other = owners.find(({ owner }) => owner !== one?.owner);
  if (one === undefined || other === undefined) throw new Error('no two schedulers have DAGs of the pool');
  stage.arm('enqueue.before_commit', 'pause');
  const first = await stage.run(one.dagId);
  const pid = await stage.reached('enqueue.before_commit');
  const second = await stage.run(other.dagId);
  const hasAsked = async () =>
    (await stage.isBlocked('from pool where name')) ||
    (await stage.cluster.sql('select 1 from pool_reservation where pool = $1 and slots > 0', [ONE_SLOT])).length > 0;
  await until(hasAsked, { what: 'the other scheduler asks for the slot', deadlineMs: PATIENCE_MS });
  process.kill(pid, 'SIGCONT');
  const inWork = async () => {
    const rows = await Promise.all([first, second].map((run) => stage.instance(run)));
    return rows.filter(({ state }) => state === 'queued' || state === 'running').length;
  };
  await until(async () => (await inWork()) > 0, { what: 'somebody has the slot', deadlineMs: PATIENCE_MS });
  await until(async () => (await inWork()) > 1, { what: 'both have it', deadlineMs: BAD_LUCK_MS }).catch(() => {});
  const both = await inWork();
  for (const run of [first, second]) stage.go(run, 1);
  if (both > 1) return [];
  for (const run of [first, second]) await stage.ended(run);
  return [];
};

/** A scheduler stands still with a decision in its hand, until another has taken over what it is about. */
export const lateFlush: Script = async (stage) => {
  const run = await stage.run('pair');
  const first = await stage.began(run, 1);
  await until(async () => (await stage.instance(run, 'after')).state === 'scheduled', { what: 'the other waits', deadlineMs: PATIENCE_MS });
  const owner = await stage.ownerOf(run.dagId);
  stage.arm('scheduleTaskInstances.before_commit', 'pause');
  stage.go(run, first.tryNumber);
  const pid = await stage.reached('scheduleTaskInstances.before_commit');
  // A person pauses the DAG meanwhile: whoever has it now queues nothing of it.
  const setPaused = async (isPaused: boolean) => {
    await stage.cluster.sql('update dag set is_paused = $2, revision = revision + 1 where dag_id = $1', [run.dagId, isPaused]);
    stage.broker.ring('dags_changed', { dagIds: [run.dagId] });
  };
  await setPaused(true);
  await until(async () => (await stage.ownerOf(run.dagId)) !== owner, { what: 'another has taken over', deadlineMs: PATIENCE_MS });
  process.kill(pid, 'SIGCONT');
  await stage.livesOn(owner);
  await setPaused(false);
  await stage.ended(run);
  if (owner.pid !== pid) throw new Error('another process stood still than the one that was to');
  return [];
};
