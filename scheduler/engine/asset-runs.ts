/**
 * Makes the runs that events of assets are due. Each DAG is one transaction under its row lock: the runs are created and
 * their events consumed together, so a crash anywhere, or two schedulers at once, neither lose nor double anything.
 */

import { wallOf } from '#core/assets/partition.ts';
import { planAssetRuns } from '#core/assets/plan-asset-runs.ts';
import { runIdFor } from '#core/ids.ts';
import { newId } from '#platform/clock.ts';
import type { Queryable } from '#platform/db/client.ts';
import {
  consumeAssetEvents,
  listDagsWithAssetEvents,
  listWaitingAssetEvents,
  lockAssetDag,
} from '#platform/db/queries/assets/asset-dags.ts';
import { createDagRuns, type NewDagRun } from '#platform/db/queries/create-dag-runs.ts';
import { probe } from '#platform/probes/probe.ts';
import type { EngineDeps } from './deps.ts';

/** Runs made in one transaction. */
const RUNS_MAX = 50;
/** Of each asset; what is over waits for the next run. */
const EVENTS_MAX = 5_000;

export class AssetRuns {
  readonly #deps: EngineDeps;
  /** DAGs whose events make no run, by what they looked like then: a thousand that wait cost one read. */
  readonly #waiting = new Map<string, string>();

  constructor(deps: EngineDeps) {
    this.#deps = deps;
  }

  /** One round over the DAGs of these shards. Returns those that got runs. */
  async runOnce(shards: readonly number[], nowMs: number): Promise<readonly string[]> {
    if (shards.length === 0) return [];
    const { db, logger } = this.#deps;
    const dags = await listDagsWithAssetEvents(db, shards);
    const present = new Set(dags.map(({ dagId }) => dagId));
    for (const dagId of this.#waiting.keys()) if (!present.has(dagId)) this.#waiting.delete(dagId);
    const changed: string[] = [];
    for (const { dagId, signature } of dags) {
      if (this.#waiting.get(dagId) === signature) continue;
      const made = await db.transaction('create_asset_runs', (tx) => makeRuns(tx, dagId, nowMs));
      if (made.length > 0) probe('assetRuns.after_commit');
      if (made.length === 0) this.#waiting.set(dagId, signature);
      else changed.push(dagId);
      for (const { runId, events } of made)
        logger.info({ event: 'dag_run.asset_triggered', dag_id: dagId, run_id: runId, events }, 'events of assets made a run');
    }
    return changed;
  }
}

async function makeRuns(
  tx: Queryable,
  dagId: string,
  nowMs: number,
): Promise<readonly { readonly runId: string; readonly events: number }[]> {
  const dag = await lockAssetDag(tx, dagId);
  if (dag === null || dag.schedule === null) return [];
  const queued = await listWaitingAssetEvents(tx, dagId, EVENTS_MAX);
  // While as many runs as may be active are unfinished, events collect for the next one.
  const plan = planAssetRuns(dag.schedule, queued, Math.min(RUNS_MAX, dag.maxActiveRuns - dag.unfinishedRuns));
  const runs = plan.runs.map((planned) => ({ planned, run: assetRun(dagId, planned.partitionKey, nowMs) }));
  const created =
    runs.length > 0
      ? await createDagRuns(
          tx,
          runs.map(({ run }) => run),
        )
      : new Set<string>();
  const made = runs.filter(({ run }) => created.has(run.dagRunId));
  if (made.length > 0) probe('assetRuns.before_consume');
  await consumeAssetEvents(
    tx,
    dagId,
    made.flatMap(({ planned, run }) => planned.eventIds.map((eventId) => ({ eventId, dagRunId: run.dagRunId }))),
    plan.discard,
  );
  if (made.length > 0) probe('assetRuns.before_commit');
  return made.map(({ planned, run }) => ({ runId: run.runId, events: planned.eventIds.length }));
}

function assetRun(dagId: string, partitionKey: string | null, nowMs: number): NewDagRun {
  const dagRunId = newId();
  const runAfter = new Date(nowMs);
  const date = partitionKey === null ? null : wallOf(partitionKey, 'UTC');
  return {
    dagRunId,
    dagId,
    // Several may be made within one millisecond.
    runId: `${runIdFor('asset_triggered', runAfter.toISOString().replace('Z', '+00:00'))}_${dagRunId.slice(-8)}`,
    runType: 'asset_triggered',
    logicalDate: null,
    dataIntervalStart: null,
    dataIntervalEnd: null,
    runAfter,
    conf: {},
    triggeredBy: 'asset',
    triggeringUser: null,
    note: null,
    ...(partitionKey !== null && { partition: { key: partitionKey, date: date === null ? null : new Date(date) } }),
  };
}
