/** A stream has one writer: who finds that another has moved it on meanwhile stops, instead of writing rows a second time. */
import type { SyncStream } from './sync-types.ts';

/** Both as text: what this writer knows, and what is there now. Throws, for a retry that goes on from what is there. */
export function refuseOther(stream: SyncStream, known: string | null, there: string | null): void {
  if (known !== there)
    throw new Error(
      `Another run has moved "${stream.name}" on meanwhile, or begun it from the start: nothing of this page was written. The next try goes on from there. Runs of one stream should not overlap: maxActiveRuns: 1.`,
    );
}
