/** Goal: limits of one task are held, and counted once a pass however many of its instances wait. */
import { expect, it } from 'vitest';
import { chooseQueue } from '#core/scheduling/choose-queue.ts';
import { indexDag } from '#core/scheduling/dag-index.ts';
import { type InstanceRow, RunModel } from '#core/scheduling/run-model.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';

function aRun(
  instances: number,
  running: number,
  limits: { maxActiveTisPerDag: number | null; maxActiveTisPerDagrun: number | null },
): RunModel {
  const index = indexDag(aDagSpec('wide', [aTask('a', limits)], { maxActiveTasks: 10_000 }));
  const rows = Array.from(
    { length: instances },
    (_, mapIndex): InstanceRow => ({
      id: `i${mapIndex}`,
      taskId: 'a',
      mapIndex,
      state: mapIndex < running ? 'running' : 'scheduled',
      tryNumber: 1,
      leaseEpoch: 0,
      pool: 'p',
      poolSlots: 1,
      queue: 'default',
      priorityWeight: 1,
      nextTryAtMs: null,
      queuedAtMs: null,
      followed: null,
      reason: null,
    }),
  );
  const row = { dagRunId: 'r', dagId: 'wide', runId: 'r', runType: 'manual', shard: 0, state: 'running' as const };
  return new RunModel({ ...row, runAfterMs: 0, logicalDateMs: null, startedAtMs: 0, params: {}, revision: 0 }, index, rows, new Map());
}

const SLOTS = { poolFree: () => 10_000, poolLimit: () => 10_000, parallelismFree: 10_000 };

it.each([[{ maxActiveTisPerDag: 5, maxActiveTisPerDagrun: null }], [{ maxActiveTisPerDag: null, maxActiveTisPerDagrun: 5 }]])(
  '%o lets as many start as are missing, and counts once',
  (limits) => {
    let counted = 0;
    const run = aRun(1_000, 3, limits);
    const chosen = chooseQueue([run], SLOTS, () => {
      counted += 1;
      return 3;
    });
    expect(chosen.enqueue).toHaveLength(2);
    expect(chosen.held).toHaveLength(995);
    expect(counted).toBeLessThanOrEqual(1);
  },
);
