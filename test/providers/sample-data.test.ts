/**
 * The made-up taxi trips: the same for the same seed, and like the original where the pipeline looks.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cellReader } from '../../providers/arrow/index.ts';
import { readCsv } from '../../providers/csv/index.ts';
import { TAXI_COLUMN_TYPES, writeTaxiTrips } from '../../providers/sample-data/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-sample-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const textOf = async (path: string) => (path.endsWith('.gz') ? gunzipSync(await readFile(path)) : await readFile(path)).toString();

it('are the same for the same seed, gzipped or not, and others for another', async () => {
  const plain = await writeTaxiTrips(join(folder, 'a.csv'), { rows: 500, seed: 1 });
  const packed = await writeTaxiTrips(join(folder, 'b.csv.gz'), { rows: 500, seed: 1 });
  const other = await writeTaxiTrips(join(folder, 'c.csv'), { rows: 500, seed: 2 });
  expect(await textOf(packed.path)).toBe(await textOf(plain.path));
  expect(await textOf(other.path)).not.toBe(await textOf(plain.path));
});

it('have the header, spellings and oddities of the original', async () => {
  const made = await writeTaxiTrips(join(folder, 'trips.csv'), { rows: 20_000 });
  const lines = (await textOf(made.path)).trim().split('\n');
  expect(lines).toHaveLength(20_001);
  expect(lines[0]).toBe(Object.keys(TAXI_COLUMN_TYPES).join(','));
  const cells = lines.slice(1).map((line) => line.split(','));
  expect(cells.filter((row) => row[3] === '0')).toHaveLength(made.zeroPassengerRows);
  expect(made.zeroPassengerRows / made.rows).toBeCloseTo(0.0187, 2);
  const incomplete = cells.filter((row) => [0, 3, 5, 6, 9].every((column) => row[column] === ''));
  expect(incomplete).toHaveLength(made.incompleteRows);
  expect(made.incompleteRows / made.rows).toBeCloseTo(0.0718, 3);
  expect(cells.some((row) => /^\.\d\d$/.test(row[4] as string))).toBe(true);
  expect(cells.some((row) => Number(row[10]) < 0)).toBe(true);
});

it('lie within the month, end after they began, and their amounts add up', async () => {
  const made = await writeTaxiTrips(join(folder, 'typed.csv.gz'), { rows: 5000 });
  const table = await readCsv(made.path, { types: TAXI_COLUMN_TYPES });
  const [batch] = table.batches;
  const column = (name: keyof typeof TAXI_COLUMN_TYPES) => cellReader(table.getChild(name)!.data[0]!, name) as (row: number) => number;
  const [pickup, dropoff] = [column('tpep_pickup_datetime'), column('tpep_dropoff_datetime')];
  const parts = (['fare_amount', 'mta_tax', 'tip_amount', 'tolls_amount', 'improvement_surcharge', 'congestion_surcharge'] as const).map(
    column,
  );
  const [total, extra, vendor] = [column('total_amount'), column('extra'), column('VendorID')];
  for (let row = 0; row < (batch?.numRows ?? 0); row++) {
    expect(Number(pickup(row))).toBeGreaterThanOrEqual(Date.UTC(2021, 0, 1));
    expect(Number(pickup(row))).toBeLessThan(Date.UTC(2021, 1, 1));
    expect(Number(dropoff(row))).toBeGreaterThan(Number(pickup(row)));
    const surcharge = vendor(row) === 1 ? extra(row) - column('congestion_surcharge')(row) : extra(row);
    const sum = parts.reduce((cents, part) => cents + Math.round(part(row) * 100), Math.round(surcharge * 100));
    expect(Math.round(total(row) * 100)).toBe(sum);
  }
});

it('leave nothing behind when they are cut short', async () => {
  const stop = new AbortController();
  const path = join(folder, 'stopped.csv.gz');
  await expect(writeTaxiTrips(path, { rows: 1_000_000, signal: stop.signal, onProgress: () => stop.abort() })).rejects.toThrow(/abort/i);
  expect((await readdir(folder)).filter((name) => name.startsWith('stopped'))).toEqual([]);
});
