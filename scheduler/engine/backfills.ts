/**
 * Works off the plans of backfills: makes their next runs, some at a time, and closes those whose runs have all
 * ended. Each batch is one transaction under the backfill's row lock, so a crash anywhere, or two schedulers at once,
 * neither lose nor double a run.
 */

import { actionOn } from '#core/backfill.ts';
import { runIdFor } from '#core/ids.ts';
import { partitionOfTick } from '#core/timetable/partition-of-tick.ts';
import { newId } from '#platform/clock.ts';
import type { Queryable } from '#platform/db/client.ts';
import {
  completeBackfills,
  listOpenBackfills,
  listOpenSteps,
  lockOpenBackfill,
  type OpenBackfill,
  type OpenStep,
  type SettledStep,
  settleSteps,
} from '#platform/db/queries/backfill/open-backfills.ts';
import { resetRuns } from '#platform/db/queries/backfill/reset-runs.ts';
import { lockRunsAt, type RunAtDate } from '#platform/db/queries/backfill/runs-at-dates.ts';
import { createDagRuns, type NewDagRun } from '#platform/db/queries/create-dag-runs.ts';
import { probe } from '#platform/probes/probe.ts';
import type { EngineDeps } from './deps.ts';

/** Runs made in one transaction, and runs kept ready beyond those that may run: a plan of years fills no memory. */
const BATCH_MAX_RUNS = 50;
const BATCH_MAX_INSTANCES = 20_000;

/** One round over the backfills of these shards. Returns the DAGs whose runs or backfill changed. */
export async function advanceBackfills(deps: EngineDeps, shards: readonly number[]): Promise<readonly string[]> {
  if (shards.length === 0) return [];
  const changed = new Set<string>();
  for (const { backfillId, dagId } of await listOpenBackfills(deps.db, shards)) {
    const made = await deps.db.transaction('advance_backfill', (tx) => makeNextRuns(tx, backfillId));
    if (made === 0) continue;
    probe('backfill.after_commit');
    changed.add(dagId);
    deps.logger.info({ event: 'backfill.advanced', dag_id: dagId, backfill_id: backfillId, runs: made }, 'a backfill made runs');
  }
  for (const dagId of await completeBackfills(deps.db, shards)) {
    probe('backfill.after_complete');
    changed.add(dagId);
    deps.logger.info({ event: 'backfill.completed', dag_id: dagId }, 'a backfill is complete');
  }
  return [...changed];
}

/** Returns how many dates it handled; 0 = nothing to do now. */
async function makeNextRuns(tx: Queryable, backfillId: number): Promise<number> {
  const backfill = await lockOpenBackfill(tx, backfillId);
  if (backfill === null) return 0;
  const batch = Math.max(1, Math.min(BATCH_MAX_RUNS, Math.floor(BATCH_MAX_INSTANCES / Math.max(1, backfill.taskCount))));
  const room = Math.min(batch, backfill.maxActiveRuns + batch - backfill.unfinishedRuns);
  if (room <= 0) return 0;
  const steps = await listOpenSteps(tx, backfillId, room);
  if (steps.length === 0) return 0;
  const existing = await lockRunsAt(
    tx,
    backfill.dagId,
    steps.map((step) => step.logicalDate),
  );
  const settled = decideSteps(backfill, steps, existing);
  const again = settled.flatMap(({ run, step }) =>
    run && step.action === 'reprocess' ? [{ dagRunId: run.dagRunId, ordinal: step.ordinal }] : [],
  );
  if (again.length > 0) await resetRuns(tx, backfill, again);
  const fresh = new Map(
    settled.filter(({ step }) => step.action === 'create').map(({ step, open }) => [step.ordinal, newRun(backfill, open)]),
  );
  const created = fresh.size > 0 ? await createDagRuns(tx, [...fresh.values()]) : new Set<string>();
  probe('backfill.before_settle');
  await settleSteps(
    tx,
    backfillId,
    settled.map(({ step }) => {
      const run = fresh.get(step.ordinal);
      // The timetable made the run of this date in the meantime.
      return run && !created.has(run.dagRunId) ? { ordinal: step.ordinal, action: 'skip', reason: 'already exists' } : step;
    }),
  );
  return settled.length;
}

interface Decided {
  readonly open: OpenStep;
  readonly run: RunAtDate | undefined;
  readonly step: SettledStep;
}

/** A date that was skipped in the plan stays so; the others are judged by the run they have now. */
function decideSteps(backfill: OpenBackfill, steps: readonly OpenStep[], existing: readonly RunAtDate[]): readonly Decided[] {
  const byDate = new Map(existing.map((run) => [run.logicalDate.getTime(), run]));
  return steps.map((open) => {
    const run = byDate.get(open.logicalDate.getTime());
    const action =
      open.action === 'skip' ? { action: 'skip' as const, reason: open.reason } : actionOn(run?.state ?? null, backfill.reprocess);
    return { open, run, step: { ordinal: open.ordinal, ...action } };
  });
}

function newRun(backfill: OpenBackfill, step: OpenStep): NewDagRun {
  const partition = partitionOfTick(backfill.schedule, step.intervalEnd.getTime());
  return {
    dagRunId: newId(),
    dagId: backfill.dagId,
    runId: runIdFor('backfill', step.intervalEnd.toISOString().replace('.000Z', '+00:00').replace('Z', '+00:00')),
    runType: 'backfill',
    logicalDate: step.logicalDate,
    dataIntervalStart: step.intervalStart,
    dataIntervalEnd: step.intervalEnd,
    runAfter: step.intervalEnd,
    conf: backfill.conf,
    triggeredBy: 'backfill',
    triggeringUser: backfill.triggeringUser,
    note: null,
    backfill: { backfillId: backfill.backfillId, ordinal: step.ordinal },
    ...(partition !== null && { partition: { key: partition.key, date: new Date(partition.dateMs) } }),
  };
}
