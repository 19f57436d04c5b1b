/** Of what each column of a statement's rows is made: its tables are looked up, and those of frames are followed to where the frames came from. */
import type { RecordBatch } from 'apache-arrow';
import { isTracing } from '#sdk/runtime/asset-writes.ts';
import { type KnownTable, withOrigin } from '../arrow/column-origin.ts';
import { type SelectedColumn, selectedColumnsOf } from './column-lineage.ts';
import { parseSelect } from './parse-select.ts';
import { type NamedTable, tablesOf } from './select-tree.ts';

/** Null: not known. Only tables that the statement names are asked for. */
export type LookUp = (table: NamedTable) => Promise<KnownTable | null>;

/** What stands for each frame of a SQL block, by its name: `df_1`. */
export type FrameTables = ReadonlyMap<string, KnownTable>;
export const NO_FRAMES: FrameTables = new Map();

/** Null when it is not known which columns there are. */
export async function lineageOfSelect(
  sql: string,
  lookUp: LookUp,
  frames: FrameTables = NO_FRAMES,
): Promise<readonly SelectedColumn[] | null> {
  const tree = await parseSelect(sql);
  if (tree === null) return null;
  const known = new Map<string, KnownTable>();
  for (const table of tablesOf(tree)) {
    // Each session calls them somewhat differently: "pg_temp.df_1", "windlass_frames.windlass_7f_df_1".
    const frame = /(?:^|_)(df_\d+)$/.exec(table.table)?.[1];
    const found = (frame === undefined ? undefined : frames.get(frame)) ?? (await lookUp(table));
    if (found !== null) known.set(table.name, found);
  }
  return selectedColumnsOf(tree, (name) => known.get(name) ?? null);
}

/** The rows of a select, with what is known of their columns, when a task wants to know. */
export async function* tracedBatches<B extends RecordBatch>(
  batches: AsyncIterable<B>,
  sql: string,
  lookUp: LookUp,
  frames: FrameTables = NO_FRAMES,
): AsyncGenerator<B> {
  const selected = isTracing() ? await lineageOfSelect(sql, lookUp, frames).catch(() => null) : null;
  for await (const batch of batches) {
    const known = selected?.length === batch.schema.fields.length ? selected : [];
    yield withOrigin(batch, (_column, index) => known[index]?.[1] ?? null);
  }
}
