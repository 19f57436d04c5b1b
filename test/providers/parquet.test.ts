/**
 * Parquet files hold what the frame held, as readers that are not ours see it, and nothing is left when a frame fails.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { duck } from '#test/support/duckdb.ts';
import { batchesOf, cellReader, type Frame, filterRows, readFrame, readFrameBatches, writeFrame } from '../../providers/arrow/index.ts';
import { readCsv, readCsvBatches } from '../../providers/csv/index.ts';
import { readParquet, readParquetBatches, writeParquet } from '../../providers/parquet/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-parquet-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const TYPES = { id: 'int64', fare: 'float64', name: 'text', at: 'timestamp', day: 'date', ok: 'bool' } as const;
const TEXT = [
  'id,fare,name,at,day,ok',
  '9007199254740993,NaN,"é, ""quoted""",2021-01-31 23:59:59.123456,1969-12-31,true',
  ',,,,,',
  '-1,-inf,"",2021-02-01,2021-02-01,false',
].join('\n');
const source = () => [Buffer.from(TEXT)];

async function cells(frame: Frame): Promise<unknown[][]> {
  const found: unknown[][] = [];
  for await (const batch of batchesOf(frame)) {
    const readers = batch.data.children.map((child) => cellReader(child, ''));
    for (let row = 0; row < batch.numRows; row++) found.push(readers.map((read) => read(row)));
  }
  return found;
}

async function hyparquet(path: string): Promise<Record<string, unknown>[]> {
  const bytes = await readFile(path);
  return parquetReadObjects({ file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer });
}

describe('a Parquet file', () => {
  it('holds every value of the frame, also for readers that are not ours', async () => {
    const path = join(folder, 'all.parquet');
    const written = await writeParquet(path, await readCsv(source(), { types: TYPES }));
    expect(written).toEqual({
      path,
      rows: 3,
      bytes: (await readFile(path)).byteLength,
      columns: Object.keys(TYPES),
      schema: { id: 'Int64', fare: 'Float64', name: 'Utf8', at: 'Timestamp<MICROSECOND>', day: 'Date32<DAY>', ok: 'Bool' },
    });
    expect(await cells(readParquetBatches(path))).toEqual(await cells(await readCsv(source(), { types: TYPES })));
    expect(await duck(`select id::text, fare::text, name, "at"::text, day::text, ok from '${path}'`)).toEqual([
      ['9007199254740993', 'nan', 'é, "quoted"', '2021-01-31 23:59:59.123456', '1969-12-31', true],
      [null, null, null, null, null, null],
      ['-1', '-inf', '', '2021-02-01 00:00:00', '2021-02-01', false],
    ]);
    expect((await hyparquet(path))[0]).toMatchObject({ id: 9007199254740993n, name: 'é, "quoted"', day: new Date('1969-12-31'), ok: true });
  });

  it.each(['snappy', 'zstd', 'gzip', 'none'] as const)('is compressed with %s', async (compression) => {
    const path = join(folder, `${compression}.parquet`);
    await writeParquet(path, readCsvBatches(source(), { types: TYPES }), { compression });
    expect(await duck(`select distinct compression from parquet_metadata('${path}')`)).toEqual([
      [compression === 'none' ? 'UNCOMPRESSED' : compression.toUpperCase()],
    ]);
  });

  it('is written row group by row group', async () => {
    const path = join(folder, 'groups.parquet');
    const text = `n\n${Array.from({ length: 1000 }, (_, n) => n).join('\n')}\n`;
    await writeParquet(path, readCsvBatches([Buffer.from(text)], { types: { n: 'int64' }, batchRows: 70 }), { rowGroupRows: 256 });
    const bytes = await readFile(path);
    const { row_groups } = parquetMetadata(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer);
    expect(row_groups.map((group) => Number(group.num_rows))).toEqual([256, 256, 256, 232]);
    const batches: number[] = [];
    for await (const batch of readParquetBatches(path, { batchRows: 300 })) batches.push(batch.numRows);
    expect(batches.reduce((sum, rows) => sum + rows, 0)).toBe(1000);
    expect(Math.max(...batches)).toBeLessThanOrEqual(300);
  });

  it('gives only the columns asked for, and names the nearest when there is no such one', async () => {
    const path = join(folder, 'columns.parquet');
    await writeParquet(path, readCsvBatches(source(), { types: TYPES }));
    expect((await readParquet(path, { columns: ['ok', 'id'] })).schema.names).toEqual(['id', 'ok']);
    await expect(readParquet(path, { columns: ['fair'] })).rejects.toThrow('Did you mean "fare"?');
  });

  it('keeps the columns of a frame without rows', async () => {
    const path = join(folder, 'empty.parquet');
    await writeParquet(path, filterRows(readCsvBatches(source(), { types: TYPES }), { id: () => false }));
    expect((await readParquet(path)).schema.names).toEqual(Object.keys(TYPES));
    expect((await readParquet(path)).numRows).toBe(0);
    expect(await hyparquet(path)).toEqual([]);
  });

  it('does not appear, nor leaves anything, when the frame fails midway', async () => {
    const path = join(folder, 'failed.parquet');
    const bad = readCsvBatches([Buffer.from('id\n1\n2\nx\n')], { types: { id: 'int64' }, batchRows: 1 });
    await expect(writeParquet(path, bad)).rejects.toThrow('"x" is not a whole number');
    await expect(writeParquet(path, [])).rejects.toThrow('without a single batch');
    expect((await readdir(folder)).filter((name) => name.startsWith('failed'))).toEqual([]);
  });

  it('that is damaged or something else is refused without a retry', async () => {
    const path = join(folder, 'damaged.parquet');
    await writeParquet(path, readCsvBatches(source(), { types: TYPES }));
    await writeFile(path, (await readFile(path)).subarray(0, 200));
    await expect(readParquet(path)).rejects.toMatchObject({
      name: 'Fatal',
      message: expect.stringContaining('no Parquet file, or a damaged one'),
    });
    await writeFile(path, '');
    await expect(readParquet(path)).rejects.toThrow('is empty');
  });

  it('gives back any frame', async () => {
    const path = join(folder, 'any.parquet');
    const value = fc.record({
      n: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)),
      x: fc.option(fc.double().map((x) => (Number.isNaN(x) ? 'NaN' : Object.is(x, -0) ? '-0' : String(x)))),
      s: fc.option(fc.string({ unit: 'grapheme' }).map((text) => `"${text.replaceAll('"', '""')}"`)),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 30 }), fc.integer({ min: 1, max: 10 }), async (rows, batchRows) => {
        const text = `n,x,s\n${rows.map(({ n, x, s }) => `${n ?? ''},${x ?? ''},${s ?? ''}\n`).join('')}`;
        const frame = () => readCsv([Buffer.from(text)], { types: { n: 'int64', x: 'float64', s: 'text' }, batchRows });
        await writeParquet(path, await frame());
        expect(await cells(readParquetBatches(path, { batchRows }))).toEqual(await cells(await frame()));
      }),
      { numRuns: 25 },
    );
  });
});

describe('a frame file', () => {
  it('is told with its schema, rows, bytes and hash, and refused when it is another', async () => {
    const path = join(folder, 'told.arrow');
    const frame = await writeFrame(path, readCsvBatches(source(), { types: TYPES }));
    const bytes = await readFile(path);
    expect(frame).toMatchObject({ rows: 3, bytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') });
    expect(frame.schema).toMatchObject({ id: 'Int64', at: 'Timestamp<MICROSECOND>' });
    expect(await cells(readFrameBatches(frame))).toEqual(await cells(await readFrame(frame)));
    await writeFrame(path, readCsvBatches([Buffer.from('id\n1\n')], { types: { id: 'int64' } }));
    await expect(readFrame(frame)).rejects.toThrow('is not the frame that was written');
    await expect(cells(readFrameBatches(frame))).rejects.toThrow('Clear the task that wrote it');
  });
});
