/** What a page's columns mean for a destination that has columns already. */
import type { RecordBatch } from 'apache-arrow';
import type { AssetColumn } from '#core/assets/asset-version.ts';
import { diffColumns, wordsOfChange } from '#core/assets/schema-change.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { selectBatch } from '../arrow/columns.ts';
import { columnsOf } from '../arrow/report-writing.ts';
import type { SyncStream } from './sync-types.ts';

export interface Evolution {
  /** The rows, without columns that are discarded. */
  readonly batch: RecordBatch;
  /** To be added to the destination. */
  readonly added: readonly AssetColumn[];
  /** To be given a wider type. */
  readonly widened: readonly AssetColumn[];
  /** All columns afterwards: those of before that are gone from the source stay. */
  readonly columns: readonly AssetColumn[];
}

/** Throws Fatal, naming the columns, when the policy of the stream or the types forbid it. */
export function evolve(stream: SyncStream, known: readonly AssetColumn[] | null, given: RecordBatch): Evolution {
  const columns = columnsOf(given.schema).map((column) => ({ ...column, nullable: true }));
  if (known === null) return { batch: given, added: columns, widened: [], columns };
  const changes = diffColumns(known, columns).filter((change) => change.kind === 'added' || change.kind === 'type');
  const broken = changes.filter((change) => change.kind === 'type' && !change.isCompatible && !isNarrower(change.from, change.to));
  if (broken.length > 0)
    throw new Fatal(
      `The columns of the source of "${stream.name}" no longer fit those of the destination: ${broken.map(wordsOfChange).join('; ')}. Nothing of the page was written. Cast them in the source, or sync into another place.`,
    );
  const names = (kind: 'added' | 'type') =>
    new Set(changes.filter((change) => change.kind === kind && change.isCompatible).map((change) => change.column));
  const [added, widened] = [names('added'), names('type')];
  if (stream.schemaChange === 'fail' && added.size + widened.size > 0)
    throw new Fatal(
      `The columns of the source of "${stream.name}" have changed: ${changes.map(wordsOfChange).join('; ')}. Nothing of the page was written. Let it pass with schemaChange: 'evolve', or leave new columns out with 'discard'.`,
    );
  const isDiscarded = stream.schemaChange === 'discard';
  const kept = isDiscarded ? columns.filter((column) => !added.has(column.name)) : columns;
  const newer = new Map(kept.map((column) => [column.name, column]));
  return {
    batch:
      kept.length === columns.length
        ? given
        : selectBatch(
            given,
            kept.map((column) => column.name),
          ),
    added: isDiscarded ? [] : columns.filter((column) => added.has(column.name)),
    widened: columns.filter((column) => widened.has(column.name)),
    columns: [
      ...known.map((column) => (widened.has(column.name) ? (newer.get(column.name) ?? column) : column)),
      ...(isDiscarded ? [] : columns.filter((column) => added.has(column.name))),
    ],
  };
}

/** The destination has the wider type already: an insert casts. */
function isNarrower(from: string | null, to: string | null): boolean {
  return (
    from !== null &&
    to !== null &&
    diffColumns([{ name: 'x', type: to, nullable: true }], [{ name: 'x', type: from, nullable: true }])[0]?.isCompatible === true
  );
}
