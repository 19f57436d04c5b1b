/**
 * The ways a month of taxi trips is moved, each run in a process of its own: `node bench/data/ways.ts <way> <place>`
 * prints one line of JSON, so that peak memory is that way's alone.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import {
  type Frame,
  type FrameFile,
  filterRows,
  readFrame,
  readFrameBatches,
  renameColumns,
  snakeCase,
  writeFrame,
} from '../../providers/arrow/index.ts';
import { readCsvBatches } from '../../providers/csv/index.ts';
import { dayOf, readParquet, readParquetBatches, writeDataset, writeParquet } from '../../providers/parquet/index.ts';
import { openPostgres } from '../../providers/postgres/index.ts';
import { TAXI_COLUMN_TYPES } from '../../providers/sample-data/index.ts';

export interface Place {
  readonly folder: string;
  readonly csv: string;
  readonly databaseUrl: string;
}

export interface Measured {
  readonly rows: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakMb: number;
}

/** A way to do the same work elsewhere, as a measure for ours. */
export const DUCKDB = 'DuckDB: ';

const typed = (place: Place) => readCsvBatches(place.csv, { types: TAXI_COLUMN_TYPES });
const clean = (place: Place) =>
  renameColumns(filterRows(typed(place), { passenger_count: (passengers) => passengers !== null && passengers > 0 }), snakeCase);
const frame = (place: Place) => `${place.folder}/trips.arrow`;
const parquet = (place: Place) => `${place.folder}/trips.parquet`;

async function drain(batches: AsyncIterable<{ readonly numRows: number }>): Promise<number> {
  let rows = 0;
  for await (const batch of batches) rows += batch.numRows;
  return rows;
}

async function load(place: Place, batches: AsyncIterable<never>): Promise<number> {
  const { hostname, port, username, password, pathname } = new URL(place.databaseUrl);
  const login = { host: hostname, port: Number(port), login: username, password, schema: pathname.slice(1) };
  await using warehouse = await openPostgres({ id: 'bench', type: 'postgres', ...login });
  return (await warehouse.loadTable({ schema: 'ny_taxi', table: 'yellow_cab_data', frame: batches, ifExists: 'replace' })).rows;
}

/** DuckDB's types, as ours are declared. */
const DUCK_TYPES = { int64: 'BIGINT', float64: 'DOUBLE', timestamp: 'TIMESTAMP', text: 'VARCHAR' } as const;

/** Runs a statement over the CSV; returns the rows it counted. */
async function duck(sql: (csv: string) => string, place: Place): Promise<number> {
  const types = Object.entries(TAXI_COLUMN_TYPES).map(([name, type]) => `'${name}': '${DUCK_TYPES[type]}'`);
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(sql(`read_csv('${place.csv}', types = {${types.join(', ')}})`));
  return Number(result.getRows()[0]?.[0]);
}

const duckClean = (csv: string) => `select * from ${csv} where passenger_count > 0`;

/** What one task hands to the next: a million rows in memory to a frame file, and that file to memory again. */
async function handOver(place: Place, direction: 'out' | 'in'): Promise<Measured> {
  const path = `${place.folder}/handed-over.arrow`;
  const million = direction === 'out' ? (await readParquet(parquet(place))).slice(0, 1_000_000) : null;
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  const rows =
    million === null
      ? (await readFrame(JSON.parse(readFileSync(`${path}.json`, 'utf8')) as FrameFile)).numRows
      : await writeOut(path, million);
  return measured(rows, startedAt, cpuBefore);
}

async function writeOut(path: string, table: Frame): Promise<number> {
  const frame = await writeFrame(path, table);
  writeFileSync(`${path}.json`, JSON.stringify(frame));
  return frame.rows;
}

/** What is measured, in this order; each returns the rows it ended with, or what it measured itself. */
export const WAYS: Readonly<Record<string, (place: Place) => Promise<number | Measured>>> = {
  'csv.gz -> typed': (place) => drain(typed(place)),
  [`${DUCKDB}csv.gz -> typed`]: (place) =>
    duck(
      (csv) =>
        `select count(*), ${Object.keys(TAXI_COLUMN_TYPES)
          .map((name) => `count("${name}")`)
          .join(', ')} from ${csv}`,
      place,
    ),
  'csv.gz -> Parquet': async (place) => (await writeParquet(parquet(place), typed(place))).rows,
  [`${DUCKDB}csv.gz -> Parquet`]: (place) =>
    duck((csv) => `copy (select * from ${csv}) to '${place.folder}/duck.parquet' (format parquet)`, place),
  'csv.gz -> filter -> rename -> Parquet': async (place) => (await writeParquet(parquet(place), clean(place))).rows,
  [`${DUCKDB}csv.gz -> filter -> Parquet`]: (place) =>
    duck((csv) => `copy (${duckClean(csv)}) to '${place.folder}/duck.parquet' (format parquet)`, place),
  'csv.gz -> filter -> rename -> Parquet by day': async (place) =>
    (
      await writeDataset(`${place.folder}/by-day`, clean(place), {
        partitionBy: [{ name: 'day', from: 'tpep_pickup_datetime', value: dayOf }],
      })
    ).rows,
  [`${DUCKDB}csv.gz -> filter -> Parquet by day`]: (place) =>
    duck(
      (csv) =>
        `copy (select *, tpep_pickup_datetime::date as day from (${duckClean(csv)})) to '${place.folder}/duck-by-day' (format parquet, partition_by (day), overwrite true)`,
      place,
    ),
  'Parquet -> frames': (place) => drain(readParquetBatches(parquet(place))),
  'csv.gz -> filter -> rename -> frame file': async (place) => (await writeFrame(frame(place), clean(place))).rows,
  'frame file -> frame': async (place) => (await readFrame(frame(place))).numRows,
  'a million rows: task -> frame file, hashed': (place) => handOver(place, 'out'),
  'a million rows: frame file -> task, checked': (place) => handOver(place, 'in'),
  'frame file -> COPY': (place) => load(place, readFrameBatches(frame(place)) as AsyncIterable<never>),
  'csv.gz -> filter -> rename -> COPY': (place) => load(place, clean(place) as AsyncIterable<never>),
};

async function measure(way: string, place: Place): Promise<void> {
  const run = WAYS[way];
  if (run === undefined) throw new RangeError(`there is no way ${JSON.stringify(way)}.`);
  const startedAt = performance.now();
  const found = await run(place);
  const result = typeof found === 'number' ? measured(found, startedAt) : found;
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function measured(rows: number, startedAt: number, cpuBefore?: NodeJS.CpuUsage): Measured {
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { rows, seconds, cpuSeconds: (user + system) / 1e6, peakMb: process.resourceUsage().maxRSS / 1024 };
}

if (import.meta.main) await measure(process.argv[2] as string, JSON.parse(process.argv[3] as string) as Place);
