/**
 * A month of made-up taxi trips as a CSV file, so that the example DAG has real work to do without a network.
 */
import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { seededRandom } from './random.ts';
import { completeTrip, INCOMPLETE_SHARE, incompleteTrip, TAXI_HEADER } from './taxi-trip.ts';

export interface TaxiTripsOptions {
  /** Default 20,000. The file of January 2021 had 1,369,769. */
  readonly rows?: number;
  /** The same seed and rows give the same file; default 2021. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** Called every 100,000 rows with the rows written so far. */
  readonly onProgress?: (rows: number) => void;
}

/** What the file holds, for whoever checks what became of it. */
export interface TaxiTrips {
  readonly path: string;
  readonly rows: number;
  readonly zeroPassengerRows: number;
  /** Rows with five columns empty, passenger_count among them. */
  readonly incompleteRows: number;
  readonly bytes: number;
}

const CHUNK_ROWS = 2000;
const REPORT_ROWS = 100_000;

/** Writes `path` (gzip if it ends in `.gz`). The file appears under its name only when it is whole. */
export async function writeTaxiTrips(path: string, options: TaxiTripsOptions = {}): Promise<TaxiTrips> {
  const rows = options.rows ?? 20_000;
  const counts = { zeroPassengerRows: 0, incompleteRows: Math.round(rows * INCOMPLETE_SHARE) };
  const unfinished = `${path}.${process.pid}.part`;
  const text = Readable.from(tripLines(rows, counts, options), { objectMode: false });
  const file = createWriteStream(unfinished);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  try {
    if (path.endsWith('.gz')) await pipeline(text, createGzip(), file, signal);
    else await pipeline(text, file, signal);
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  return { path, rows, ...counts, bytes: (await stat(path)).size };
}

/** Async, because a stopped stream returns a generator at any time, and a plain one refuses that while it runs. */
async function* tripLines(
  rows: number,
  counts: { zeroPassengerRows: number; incompleteRows: number },
  options: TaxiTripsOptions,
): AsyncGenerator<string> {
  const random = seededRandom(options.seed ?? 2021);
  const complete = rows - counts.incompleteRows;
  let text = `${TAXI_HEADER}\n`;
  for (let i = 0; i < rows; i++) {
    if (i < complete) {
      const trip = completeTrip(random, (i + random()) / complete);
      if (trip.passengers === 0) counts.zeroPassengerRows++;
      text += trip.line;
    } else {
      text += incompleteTrip(random, (i - complete + random()) / counts.incompleteRows);
    }
    if ((i + 1) % CHUNK_ROWS === 0) {
      yield text;
      text = '';
      if ((i + 1) % REPORT_ROWS === 0) options.onProgress?.(i + 1);
    }
  }
  yield text;
}
