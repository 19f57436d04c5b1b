/** How fast a real month of taxi trips is moved, and at what peak of memory, beside DuckDB on the same file in the same run. */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeTaxiTrips } from '../../providers/sample-data/index.ts';
import { DUCKDB, type Measured, type Place, WAYS } from '../data/ways.ts';
import { type Figure, medianFigures } from '../harness/report.ts';
import type { Bench, Scenario } from './scenario.ts';

const ROWS_OF_JANUARY_2021 = 1_369_769;
const PEAK_MB = 400;

export const data: Scenario = {
  name: 'data',
  about: 'a month of taxi trips: csv.gz to Parquet, to frames and to Postgres, beside DuckDB on the same file',
  async run({ servers, quick, runs }: Bench) {
    const folder = join(servers.folder, 'taxi');
    mkdirSync(folder);
    try {
      const rows = quick ? 50_000 : ROWS_OF_JANUARY_2021;
      const made = await writeTaxiTrips(join(folder, 'trips.csv.gz'), { rows });
      const place: Place = { folder, csv: made.path, databaseUrl: servers.databaseUrl };
      const rounds: (readonly Figure[])[] = [];
      for (let round = 0; round < runs; round++) rounds.push(await measureAll(place));
      return {
        scenario: 'data',
        setUp: `${rows.toLocaleString('en-US')} made-up trips of 18 columns, ${(made.bytes / 1e6).toFixed(1)} MB of gzip; each way in a process of its own`,
        runs,
        figures: medianFigures(rounds),
        notes: ['an empty Node process with these modules loaded is about 100 MB of each peak; DuckDB has two threads'],
      };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measureAll(place: Place): Promise<readonly Figure[]> {
  const measured = new Map<string, Measured>();
  for (const way of Object.keys(WAYS)) {
    const args = [join(import.meta.dirname, '../data/ways.ts'), way, JSON.stringify(place)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    measured.set(way, JSON.parse(stdout) as Measured);
  }
  return [...measured].flatMap(([way, one]) => figuresOf(way, one, measured.get(DUCKDB + way.replace(' -> rename', ''))));
}

function figuresOf(way: string, one: Measured, duck: Measured | undefined): readonly Figure[] {
  const isOurs = !way.startsWith(DUCKDB);
  return [
    { name: way, value: one.rows / one.seconds, unit: 'rows/s' },
    { name: `${way}, CPU`, value: one.cpuSeconds, unit: 's' },
    {
      name: `${way}, peak`,
      value: one.peakMb,
      unit: 'MB',
      ...(isOurs && way.includes('Parquet') ? { bar: { atMost: PEAK_MB } } : {}),
    },
    ...(isOurs && duck !== undefined
      ? [{ name: `${way}, CPU over DuckDB's`, value: one.cpuSeconds / duck.cpuSeconds, unit: 'ratio' as const }]
      : []),
  ];
}
