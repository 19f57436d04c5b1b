/** Makes the instances of mapped regions whose list is known: in Postgres first, then in the model. */
import type { Expansion } from '#core/scheduling/decide-run.ts';
import type { RunModel } from '#core/scheduling/run-model.ts';
import type { Database } from '#platform/db/client.ts';
import { expandMapped } from '#platform/db/queries/expand-mapped.ts';
import type { Holder } from '#platform/db/queries/reserve-pool-slots.ts';

/** Returns false when somebody else was faster, or the shard is lost; the run must be read again. */
export async function expandRegions(db: Database, holder: Holder, run: RunModel, expansions: readonly Expansion[]): Promise<boolean> {
  const placeholders = expansions.flatMap((expansion) =>
    expansion.placeholders.map(({ id }) => ({ id, shard: run.row.shard, length: expansion.length })),
  );
  const rows = await expandMapped(db, { ...holder, placeholders });
  if (rows.length === 0) return false;
  const byTask = new Map<number, (typeof rows)[number][]>();
  for (const row of rows) {
    const index = run.index.byId.get(row.taskId)?.index as number;
    const ofTask = byTask.get(index);
    if (ofTask) ofTask.push(row);
    else byTask.set(index, [row]);
  }
  for (const [taskIndex, instances] of byTask) run.expand(taskIndex, instances);
  return true;
}
