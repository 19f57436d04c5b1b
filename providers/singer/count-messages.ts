/** Counts the records of a Singer stream as they pass. */
import { Transform } from 'node:stream';

export interface SingerCounts {
  readonly records: number;
  /** Stream -> records. */
  readonly streams: Readonly<Record<string, number>>;
}

/** A line longer than this is passed on uncounted: memory stays small whatever a tap writes. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
const HEAD = /^\s*\{/;

export function countMessages(counts: { records: number; streams: Record<string, number> }): Transform {
  let rest = '';
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const lines = (rest + chunk.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > LINE_BYTES_MAX) rest = '';
      for (const line of lines) count(line, counts);
      done(null, chunk);
    },
    flush(done) {
      count(rest, counts);
      done();
    },
  });
}

function count(line: string, counts: { records: number; streams: Record<string, number> }): void {
  if (!HEAD.test(line) || !/"type"\s*:\s*"RECORD"/.test(line)) return;
  const stream = /"stream"\s*:\s*"([^"\\]*)"/.exec(line)?.[1] ?? '';
  counts.records += 1;
  counts.streams[stream] = (counts.streams[stream] ?? 0) + 1;
}
