/**
 * Small operations on frames: the same for a table in memory and for a stream of batches.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DateDay, Dictionary, Field, Int32, List, Schema, Table, Utf8, vectorFromArray } from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  batchesOf,
  cellReader,
  type Frame,
  filterRows,
  readFrame,
  readFrameBatches,
  renameColumns,
  selectColumns,
  snakeCase,
  writeFrame,
} from '../../providers/arrow/index.ts';
import { readCsv, readCsvBatches } from '../../providers/csv/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-frame-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const TEXT =
  'id,fare,name,at,ok\n1,1.5,a,2021-01-01,true\n2,,,,\n,3.5,c,2021-01-03 00:00:00.000001,false\n4,4.5,"",2021-01-04,true\n5,5.5,e,2021-01-05,\n';
const TYPES = { id: 'int64', fare: 'float64', name: 'text', at: 'timestamp', ok: 'bool' } as const;
const source = () => [Buffer.from(TEXT)];
const table = () => readCsv(source(), { types: TYPES });
const stream = () => readCsvBatches(source(), { types: TYPES, batchRows: 2 });

/** All cells, row by row. */
async function cells(frame: Frame): Promise<unknown[][]> {
  const found: unknown[][] = [];
  for await (const batch of batchesOf(frame)) {
    const readers = batch.data.children.map((child) => cellReader(child, ''));
    for (let row = 0; row < batch.numRows; row++) found.push(readers.map((read) => read(row)));
  }
  return found;
}

async function names(frame: Frame): Promise<string[]> {
  for await (const batch of batchesOf(frame)) return batch.schema.fields.map((field) => field.name);
  return [];
}

describe('filterRows', () => {
  const expected = [
    [1, 1.5, 'a', new Date('2021-01-01Z'), true],
    [4, 4.5, '', new Date('2021-01-04Z'), true],
  ];

  it('keeps the rows that meet every condition, nulls and all columns with them', async () => {
    const conditions = { id: (id: unknown) => id !== null, ok: (ok: boolean | null) => ok === true };
    expect(await cells(filterRows(await table(), conditions))).toEqual(expected);
    expect(await cells(filterRows(stream(), conditions))).toEqual(expected);
    expect(await cells(filterRows(await table(), { id: (id) => id === null }))).toEqual([[null, 3.5, 'c', new Date('2021-01-03Z'), false]]);
  });

  it('knows the type of each column', async () => {
    const kept = filterRows(await table(), {
      at: (at) => at !== null && at >= new Date('2021-01-03Z'),
      fare: (fare) => (fare ?? 0) < 5,
      name: (name) => name?.length !== 1,
    });
    expect(await cells(kept)).toEqual([expected[1]]);
  });

  it('keeps microseconds', async () => {
    const kept = filterRows(await table(), { name: (name) => name === 'c' });
    expect(kept.batches[0]?.data.children[3]?.values[0]).toBe(1609632000000001n);
  });

  it('returns the same batch when every row stays, and a frame with columns when none does', async () => {
    const whole = await table();
    expect(filterRows(whole, { id: () => true }).batches[0]?.data.children[0]).toBe(whole.batches[0]?.data.children[0]);
    const none = filterRows(whole, { id: () => false });
    expect([none.numRows, none.schema.names]).toEqual([0, Object.keys(TYPES)]);
  });

  it('agrees with filtering plain rows, on slices and batches of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.option(fc.integer()), fc.option(fc.string()), fc.option(fc.boolean())), { minLength: 1, maxLength: 40 }),
        fc.nat(20),
        fc.nat(40),
        async (rows, from, length) => {
          const frame = new Table({
            n: vectorFromArray(
              rows.map((row) => row[0]),
              new Int32(),
            ),
            s: vectorFromArray(
              rows.map((row) => row[1]),
              new Utf8(),
            ),
          }).slice(from, from + length);
          const keep = (n: unknown) => n === null || (n as number) % 2 === 0;
          const plain = rows.slice(from, from + length).filter((row) => keep(row[0]));
          expect(await cells(filterRows(frame, { n: keep }))).toEqual(plain.map((row) => [row[0], row[1]]));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('names the nearest column when there is no such one, and the type it cannot copy', async () => {
    const whole = await table();
    expect(() => filterRows(whole, { far: () => true } as object)).toThrow('there is no column "far". Did you mean "fare"?');
    const nested = new Table({
      a: vectorFromArray([1, 2], new Int32()),
      b: vectorFromArray([[1], [2]], new List(new Field('item', new Int32()))),
    });
    expect(() => filterRows(nested, { a: (a) => a === 1 })).toThrow('column "b": rows of type List<Int32> cannot be filtered');
  });
});

describe('columns', () => {
  it('are renamed by a function or by name', async () => {
    expect(await names(renameColumns(stream(), (name) => name.toUpperCase()))).toEqual(['ID', 'FARE', 'NAME', 'AT', 'OK']);
    expect(renameColumns(await table(), { at: 'picked_up_at' }).schema.names).toEqual(['id', 'fare', 'name', 'picked_up_at', 'ok']);
  });

  it('are not renamed to one name, nor from one that is not there', async () => {
    const whole = await table();
    expect(() => renameColumns(whole, { id: 'fare' })).toThrow('columns "id" and "fare" would both be called "fare"');
    expect(() => renameColumns(whole, { idd: 'x' })).toThrow('Did you mean "id"?');
  });

  it('are selected in the order given', async () => {
    expect(await names(selectColumns(stream(), ['ok', 'id']))).toEqual(['ok', 'id']);
    expect((await cells(selectColumns(await table(), ['name', 'id'])))[0]).toEqual(['a', 1]);
  });

  it.each([
    ['VendorID', 'vendor_id'],
    ['PULocationID', 'pu_location_id'],
    ['DOLocationID', 'do_location_id'],
    ['RatecodeID', 'ratecode_id'],
    ['tpep_pickup_datetime', 'tpep_pickup_datetime'],
    ['store_and_fwd_flag', 'store_and_fwd_flag'],
    ['Fare (USD)', 'fare_usd'],
    [' Cost: Total $', 'cost_total'],
    ['HTTPServer2Name', 'http_server2_name'],
    ['SibSp', 'sib_sp'],
    ['Größe in m²', 'größe_in_m²'],
  ])('%s in snake case is %s', (name, expected) => {
    expect(snakeCase(name)).toBe(expected);
    expect(snakeCase(expected)).toBe(expected);
  });
});

describe('frame files', () => {
  it('hold a frame, whole or as a stream, and say what is in them', async () => {
    const path = join(folder, 'trips.arrow');
    const written = await writeFrame(path, stream());
    expect(written).toMatchObject({ path, rows: 5, columns: Object.keys(TYPES) });
    expect(await cells(await readFrame(path))).toEqual(await cells(await table()));
    expect(await cells(readFrameBatches(path))).toEqual(await cells(await table()));
    expect(await readdir(folder)).toEqual(['trips.arrow']);
  });

  it('keep the columns of a frame without rows', async () => {
    const path = join(folder, 'empty.arrow');
    await writeFrame(path, filterRows(stream(), { id: () => false }));
    expect(await names(readFrameBatches(path))).toEqual(Object.keys(TYPES));
    expect((await readFrame(path)).numRows).toBe(0);
  });

  it('keep dates, and the columns of a table without a single batch', async () => {
    const path = join(folder, 'dates.arrow');
    await writeFrame(path, await readCsv([Buffer.from('day\n2021-01-31\n')], { types: { day: 'date' } }));
    expect(await cells(await readFrame(path))).toEqual([[new Date('2021-01-31')]]);
    await writeFrame(path, new Table(new Schema([new Field('day', new DateDay(), true)])));
    expect((await readFrame(path)).schema.names).toEqual(['day']);
  });

  it('keep dictionaries over several batches', async () => {
    const path = join(folder, 'dictionary.arrow');
    const type = new Dictionary(new Utf8(), new Int32());
    const batches = [
      ...new Table({ a: vectorFromArray(['x', 'y'], type) }).batches,
      ...new Table({ a: vectorFromArray(['z', 'x'], type) }).batches,
    ];
    await writeFrame(path, batches);
    expect((await readFrame(path)).toArray().map((row) => row?.['a'])).toEqual(['x', 'y', 'z', 'x']);
  });

  it('do not appear, nor leave anything, when the frame fails midway', async () => {
    const path = join(folder, 'failed.arrow');
    const bad = readCsvBatches([Buffer.from('id\n1\n2\nx\n')], { types: { id: 'int64' }, batchRows: 1 });
    await expect(writeFrame(path, bad)).rejects.toThrow('"x" is not a whole number');
    expect((await readdir(folder)).filter((name) => name.startsWith('failed'))).toEqual([]);
  });
});
