/**
 * Repairs whatever a lost doorbell left behind: instances that moved on unseen, runs and DAGs that changed
 * unseen, queued instances nobody claimed. Bounded by what is in flight, not by history.
 */
import { countIdleSlots } from '#platform/db/queries/count-idle-slots.ts';
import { listRunRevisions } from '#platform/db/queries/list-run-revisions.ts';
import { listDagRevisions } from '#platform/db/queries/list-scheduled-dags.ts';
import { findMovedInstances } from '#platform/db/queries/read-instances.ts';
import type { EngineDeps } from './deps.ts';
import type { Engine } from './engine.ts';
import type { Inbox } from './inbox.ts';
import type { Ringing } from './ring.ts';

const DEPTHS_PATIENCE_MS = 500;

export async function sweep(deps: EngineDeps, engine: Engine, inbox: Inbox): Promise<void> {
  const { shards } = engine;
  // A half-loaded memory knows of fewer taken slots than there are: nothing may be given back by it.
  if (shards.length === 0 || !engine.isTrusted) return;
  const idle = await countIdleSlots(deps.db);
  engine.bell.idleSlots = (queue) => idle.get(queue)?.idle ?? 1;
  engine.reasons.ofQueued(engine.memory.inFlight(), idle, engine.nowMs());
  await noticeChanges(deps, engine, inbox);
  await noticeMoves(deps, engine, inbox);
  await ringAgain(deps, engine, inbox.takeBrokerNotice());
  await engine.pools.trim(deps.db, engine.holder);
  engine.pools.forgetMissing();
  engine.relieve(await engine.pools.load(deps.db, shards));
  engine.queues.reword();
}

async function noticeChanges(deps: EngineDeps, engine: Engine, inbox: Inbox): Promise<void> {
  const { memory, shards } = engine;
  const dags = await listDagRevisions(deps.db, shards);
  for (const { dagId, revision } of dags) if (memory.dags.get(dagId)?.row.revision !== revision) inbox.reloadDag(dagId);
  const present = new Set(dags.map((dag) => dag.dagId));
  for (const dagId of memory.dags.keys()) if (!present.has(dagId)) inbox.reloadDag(dagId);
  const runs = await listRunRevisions(deps.db, shards);
  for (const { dagRunId, dagId, revision } of runs) if (memory.runs.get(dagRunId)?.row.revision !== revision) inbox.reloadRuns(dagId);
  const unfinished = new Set(runs.map((run) => run.dagRunId));
  for (const run of memory.runs.values()) {
    if (!unfinished.has(run.row.dagRunId)) inbox.reloadRuns(run.row.dagId);
    // What it waits for may be a run that is over, whose changes no list of unfinished ones shows.
    else if (run.held.size > 0) inbox.runsMayHaveChanged(run.row.dagId);
  }
}

async function noticeMoves(deps: EngineDeps, engine: Engine, inbox: Inbox): Promise<void> {
  const known = engine.memory
    .inFlight()
    .map(({ instance }) => ({ id: instance.id, state: instance.state, leaseEpoch: instance.leaseEpoch }));
  if (known.length > 0) inbox.ended(await findMovedInstances(deps.db, known));
}

/** Rings what nobody claimed in time and what the broker did not take; after the broker was away, also what it has forgotten. */
async function ringAgain(deps: EngineDeps, engine: Engine, brokerWasAway: boolean): Promise<void> {
  const queued = engine.memory.inFlight().filter(({ instance }) => instance.state === 'queued');
  const forgotten = brokerWasAway ? await emptyQueues(deps, new Set(queued.map(({ instance }) => instance.queue))) : new Set();
  const now = engine.nowMs();
  const again: Ringing[] = [];
  for (const { instance } of queued) {
    const { id, queue, tryNumber, leaseEpoch } = instance;
    if (!engine.bell.isDue(instance, now - deps.config.reringAfterMs) && !forgotten.has(queue)) continue;
    again.push({ queue, taskInstanceId: id, tryNumber, leaseEpoch });
  }
  engine.bell.ring(again, now);
}

/** Those in which nothing waits and that nobody holds a job of: a broker that was started anew, or emptied. */
async function emptyQueues(deps: EngineDeps, queues: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const asked = deps.broker.depths([...queues]).catch(() => []);
  const depths = await Promise.race([asked, deps.clock.sleep(DEPTHS_PATIENCE_MS).then(() => [])]);
  return new Set(depths.filter(({ waiting, active }) => waiting + active === 0).map(({ queue }) => queue));
}
