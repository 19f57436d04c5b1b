/** Makes the instances of mapped regions whose list is known, and fits regions to another length: in Postgres first, then in the model. */

import type { Expansion, MapList, Resize } from '#core/scheduling/map-regions.ts';
import type { RunModel, TaskState } from '#core/scheduling/run-model.ts';
import type { Database } from '#platform/db/client.ts';
import { expandMapped, type SavedList } from '#platform/db/queries/expand-mapped.ts';
import { resizeMapped } from '#platform/db/queries/resize-mapped.ts';
import type { Holder } from '#platform/db/queries/settle-pools.ts';
import { probe } from '#platform/probes/probe.ts';
import { moveInstance } from './ingest.ts';
import type { Memory } from './memory.ts';
import type { PoolBook } from './pool-book.ts';

/** Returns false when somebody else was faster, or the shard is lost; the run must be read again. */
async function expandRegions(db: Database, holder: Holder, run: RunModel, expansions: readonly Expansion[]): Promise<boolean> {
  const placeholders = expansions.flatMap((expansion) =>
    expansion.placeholders.map(({ id }) => ({ id, shard: run.row.shard, length: expansion.length })),
  );
  const rows = await expandMapped(db, { ...holder, placeholders, lists: expansions.flatMap(({ lists }) => savedLists(run, lists)) });
  if (rows.length === 0) return false;
  probe('expandMapped.after_commit');
  for (const [taskIndex, instances] of byTask(run, rows)) run.expand(taskIndex, instances);
  return true;
}

/** Instances beyond the new length become `removed`, whatever they do; removed ones within it are as new. False: as above. */
async function resizeRegions(
  db: Database,
  work: { readonly holder: Holder; readonly pools: PoolBook; readonly run: RunModel; readonly resizes: readonly Resize[] },
): Promise<boolean> {
  const { holder, pools, run, resizes } = work;
  const { dagRunId, shard } = run.row;
  const tasks = resizes.flatMap(({ tasks, length }) => tasks.map((state) => ({ taskId: idOf(state), retries: retriesOf(state), length })));
  const lists = resizes.flatMap((resize) => savedLists(run, resize.lists));
  const rows = await resizeMapped(db, { ...holder, dagRunId, shard, tasks, lists });
  if (rows.length === 0) return false;
  const added = rows.filter((row) => !run.byId.has(row.id));
  for (const [taskIndex, instances] of byTask(run, added)) run.add(taskIndex, instances);
  for (const row of rows) {
    const instance = run.byId.get(row.id);
    if (!instance || instance.state === row.state) continue;
    instance.leaseEpoch = row.leaseEpoch;
    instance.nextTryAtMs = null;
    instance.reason = row.reason;
    moveInstance(run, pools, instance, row.state);
  }
  return true;
}

/** In topological order: what is added counts the peers that were added before it. */
function byTask<Row extends { readonly taskId: string }>(
  run: RunModel,
  rows: readonly Row[],
): readonly (readonly [number, readonly Row[]])[] {
  const found = new Map<number, Row[]>();
  for (const row of rows) {
    const index = run.index.byId.get(row.taskId)?.index as number;
    const ofTask = found.get(index);
    if (ofTask) ofTask.push(row);
    else found.set(index, [row]);
  }
  return [...found].sort(([a], [b]) => a - b);
}

function savedLists(run: RunModel, lists: readonly MapList[]): readonly SavedList[] {
  return lists.map((list) => ({ dagRunId: run.row.dagRunId, shard: run.row.shard, ...list }));
}

function idOf(state: TaskState): string {
  return state.task.spec.taskId;
}

function retriesOf(state: TaskState): number {
  return state.task.spec.retries;
}

interface Changed {
  readonly holder: Holder;
  readonly pools: PoolBook;
  readonly memory: Memory;
  readonly run: RunModel;
}

/** Makes of the run's mapped tasks what the decision says. False = the rows are not what they seemed. */
export async function changeRegions(
  db: Database,
  { holder, pools, memory, run }: Changed,
  { expansions, resizes }: { readonly expansions: readonly Expansion[]; readonly resizes: readonly Resize[] },
): Promise<boolean> {
  const expanded = expansions.length === 0 || (await expandRegions(db, holder, run, expansions));
  const resized = resizes.length === 0 || (await resizeRegions(db, { holder, pools, run, resizes }));
  memory.indexInstances(run);
  return expanded && resized;
}
