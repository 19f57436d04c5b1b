/** What a reset of a stream does, in the words in which people are asked. */
import type { SyncRemoves, SyncResetRows, SyncRowsAre } from './sync-report.ts';

export interface ResettableStream {
  readonly stream: string;
  readonly destination: string;
  readonly rowsAre: SyncRowsAre;
  readonly removes: SyncRemoves;
}

/** Sentences: what the next run does, and what becomes of the rows that are there. */
export function wordsOfReset({ stream, destination, rowsAre, removes }: ResettableStream, rows: SyncResetRows): string {
  const reads = `reads the source of "${stream}" from the start`;
  if (rows === 'remove' && removes === 'table')
    return `The next run removes all rows of ${destination}, whoever wrote them, and ${reads}. Until it has read everything, rows are missing there.`;
  if (rows === 'remove')
    return `The next run removes the files that "${stream}" has written to ${destination}, and ${reads}. Until it has read everything, rows are missing there.`;
  if (rowsAre === 'replaced')
    return `The next run ${reads}. The rows in ${destination} stay, and each is replaced when it comes again; rows that the source has no more stay, too.`;
  return `The next run ${reads}. The rows in ${destination} stay, and every row of the source is added to them again: what was synced before is there twice.`;
}

/** What is taken when nobody says it; null = neither is harmless, so that it has to be said. */
export function safeRows(rowsAre: SyncRowsAre): SyncResetRows | null {
  return rowsAre === 'replaced' ? 'keep' : null;
}

/** "4 files", "1 row" */
export function wordsOfRemoved(count: number, removes: SyncRemoves): string {
  const [one, many] = removes === 'files' ? ['file', 'files'] : ['row', 'rows'];
  return `${count} ${count === 1 ? one : many}`;
}
