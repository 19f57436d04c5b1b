/**
 * How long the taxi pipeline's parts take for a real month: `node bench/ny-taxi.ts [rows]`, default 1,369,769. Starts a
 * Postgres of its own, makes the input once (not counted), and runs each way in a process of its own, so that peak
 * memory is that way's alone.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { openDataSecrets } from '#platform/embedded/data-folder.ts';
import { startEmbeddedPostgres } from '#platform/embedded/postgres.ts';
import { quietLogger } from '#platform/logger.ts';
import { filterRows, readFrameBatches, renameColumns, snakeCase, writeFrame } from '../providers/arrow/index.ts';
import { readCsvBatches } from '../providers/csv/index.ts';
import { openPostgres } from '../providers/postgres/index.ts';
import { TAXI_COLUMN_TYPES, writeTaxiTrips } from '../providers/sample-data/index.ts';

const ROWS_OF_JANUARY_2021 = 1_369_769;

interface Place {
  readonly csv: string;
  readonly frame: string;
  readonly url: string;
}

const typed = (place: Place) => readCsvBatches(place.csv, { types: TAXI_COLUMN_TYPES });
const clean = (place: Place) =>
  renameColumns(filterRows(typed(place), { passenger_count: (passengers) => passengers !== null && passengers > 0 }), snakeCase);

async function drain(batches: AsyncIterable<{ readonly numRows: number }>): Promise<number> {
  let rows = 0;
  for await (const batch of batches) rows += batch.numRows;
  return rows;
}

async function load(place: Place, frame: AsyncIterable<never>): Promise<number> {
  const { hostname, port, username, password, pathname } = new URL(place.url);
  const connection = {
    id: 'bench',
    type: 'postgres',
    host: hostname,
    port: Number(port),
    login: username,
    password,
    schema: pathname.slice(1),
  };
  await using warehouse = await openPostgres(connection);
  return (await warehouse.loadTable({ schema: 'ny_taxi', table: 'yellow_cab_data', frame, ifExists: 'replace' })).rows;
}

/** What is measured, in this order; each returns the rows it ended with. */
const WAYS: Readonly<Record<string, (place: Place) => Promise<number>>> = {
  'csv.gz -> typed': (place) => drain(typed(place)),
  'csv.gz -> typed -> filter -> rename': (place) => drain(clean(place)),
  'csv.gz -> typed -> filter -> rename -> frame file': async (place) => (await writeFrame(place.frame, clean(place))).rows,
  'frame file -> COPY': (place) => load(place, readFrameBatches(place.frame) as AsyncIterable<never>),
  'csv.gz -> typed -> filter -> rename -> COPY': (place) => load(place, clean(place) as AsyncIterable<never>),
};

async function measure(way: string, place: Place): Promise<void> {
  const startedAt = performance.now();
  const rows = await (WAYS[way] as (place: Place) => Promise<number>)(place);
  const seconds = (performance.now() - startedAt) / 1000;
  const peakMb = process.resourceUsage().maxRSS / 1024;
  const cpu = process.cpuUsage();
  process.stdout.write(
    `${way.padEnd(50)} ${rows.toLocaleString('en-US').padStart(10)} rows ${seconds.toFixed(1).padStart(6)} s ` +
      `${((cpu.user + cpu.system) / 1e6).toFixed(1).padStart(6)} s cpu ${peakMb.toFixed(0).padStart(6)} MB peak\n`,
  );
}

async function main(rows: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-bench-'));
  // As root, Postgres runs as another user, who must be able to get in here.
  chmodSync(folder, 0o755);
  const postgres = await startEmbeddedPostgres({
    dataFolder: folder,
    secrets: openDataSecrets(folder),
    clock: systemClock,
    logger: quietLogger(),
  });
  try {
    const made = await writeTaxiTrips(join(folder, 'trips.csv.gz'), { rows });
    process.stdout.write(
      `${rows.toLocaleString('en-US')} made-up trips, ${(made.bytes / 1e6).toFixed(1)} MB gzipped, Postgres ${postgres.version}\n`,
    );
    const place: Place = { csv: made.path, frame: join(folder, 'trips.arrow'), url: postgres.warehouseUrl };
    for (const way of Object.keys(WAYS)) {
      execFileSync(process.execPath, [import.meta.filename, '--way', way, JSON.stringify(place)], { stdio: 'inherit' });
    }
  } finally {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const [first, way, place] = process.argv.slice(2);
if (first === '--way') await measure(way as string, JSON.parse(place as string) as Place);
else await main(first === undefined ? ROWS_OF_JANUARY_2021 : Number(first.replaceAll(/[,_]/g, '')));
