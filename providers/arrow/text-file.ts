/** A frame that is written as text: the file is there whole or not at all, and what was written is reported. */
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { RecordBatch, Schema } from 'apache-arrow';
import { beforePublish, reportWritten } from '#sdk/runtime/asset-writes.ts';
import { writeWhole } from '../files/whole-file.ts';
import { OriginWatch } from './column-origin.ts';
import { columnsOf, firstRowsOf, uriOfFile } from './report-writing.ts';

/** What has been written so far. */
export interface TextProgress {
  rows: number;
  schema?: Schema;
  first?: RecordBatch;
  readonly origin?: OriginWatch;
}

/** `gzip` absent: yes if the path ends in `.gz`. `textOf` gives the text in pieces, and keeps the progress. Returns the rows. */
export async function writeTextFile(
  path: string,
  gzip: boolean | undefined,
  textOf: (progress: TextProgress) => AsyncIterable<string>,
): Promise<number> {
  const origin = new OriginWatch();
  const progress: TextProgress = { rows: 0, origin };
  const bytes = await writeWhole(path, async (unfinished) => {
    const text = Readable.from(textOf(progress), { objectMode: false });
    const file = createWriteStream(unfinished);
    if (gzip ?? path.endsWith('.gz')) await pipeline(text, createGzip(), file);
    else await pipeline(text, file);
    if (progress.schema) await beforePublish({ uri: uriOfFile(path), columns: columnsOf(progress.schema) });
    return (await stat(unfinished)).size;
  });
  reportWritten({
    uri: uriOfFile(path),
    rows: progress.rows,
    bytes,
    ...(progress.schema && { columns: columnsOf(progress.schema) }),
    ...origin.facts(),
    ...firstRowsOf(progress.first),
  });
  return progress.rows;
}
