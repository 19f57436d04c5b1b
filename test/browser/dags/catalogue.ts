import { asset, dag, onAssets } from 'windlass';
import { readFrameBatches, saveFrame, writeFrame } from 'windlass/providers/arrow';
import { readCsvBatches, writeCsv } from 'windlass/providers/csv';
import { openDuckdb } from 'windlass/providers/duckdb';
import { writeParquet } from 'windlass/providers/parquet';
import { sqlTransformer } from 'windlass/providers/sql';

const trips = asset({
  name: 'trips',
  uri: 's3://lake/trips',
  group: 'taxi',
  owner: 'ann',
  tags: ['gold', 'pii'],
  description: 'Every trip of the city, cleaned: one row a trip.',
  freshness: '26h',
  schemaChange: 'warn',
  retain: { versions: 90 },
  preview: 5,
});
const zones = asset({ name: 'zones', uri: 's3://lake/zones', group: 'taxi' });
const fares = asset({ name: 'fares', uri: 's3://lake/fares', group: 'taxi', owner: 'bob', tags: ['gold'] });

const TYPES = { trip_id: 'int64', fare: 'float64', zone: 'text', tip: 'float64' } as const;
const rowsOf = (names: readonly (keyof typeof TYPES)[], count: number) => {
  const line = (row: number) => names.map((name) => (name === 'zone' ? 'JFK' : row)).join(',');
  const text = `${names.join(',')}\n${Array.from({ length: count }, (_, row) => `${line(row)}\n`).join('')}`;
  return readCsvBatches([new TextEncoder().encode(text)], { types: Object.fromEntries(names.map((name) => [name, TYPES[name]])) });
};

export const zoneList = dag('zone_list', { isPausedUponCreation: false }, ({ task }) =>
  task('fetch', async (ctx) => void (await writeFrame(`${ctx.scratch}/zones.arrow`, rowsOf(['zone'], 265))), { outlets: [zones] }),
);

export const clean = dag('clean_trips', { isPausedUponCreation: false }, ({ task }) =>
  task(
    'clean',
    async (ctx) => {
      const { rows = 1000, columns = ['trip_id', 'fare', 'zone'] } = ctx.params as { rows?: number; columns?: (keyof typeof TYPES)[] };
      await writeFrame(`${ctx.scratch}/trips.arrow`, rowsOf(columns, rows));
    },
    { outlets: [trips], inlets: [zones] },
  ),
);

const doubled = sqlTransformer({
  name: 'doubled',
  on: 'duckdb',
  sql: "select zone, sum(fare) as total, max(surge) as surge, 'EUR' as currency from {{ df_1 }} group by zone union all select 'EWR', 12.5, null, 'EUR'",
});
const raw = asset({ name: 'raw', uri: 'file:///tmp/windlass-catalogue-raw.csv', group: 'taxi' });
const byZone = asset({ name: 'by_zone', uri: 's3://lake/by_zone', group: 'taxi', description: 'Of a frame of a frame.' });

export const zonesOfDay = dag('zones_of_day', { schedule: onAssets(zones), isPausedUponCreation: false }, ({ task }) => {
  const fetched = task(
    'fetch',
    async (ctx) => {
      const file = '/tmp/windlass-catalogue-raw.csv';
      await writeCsv(file, rowsOf(['fare', 'zone', 'tip'], 20));
      await using duckdb = await openDuckdb();
      await duckdb.register('tips', rowsOf(['tip'], 3));
      return await saveFrame(ctx, duckdb.batches(`select r.fare, zone, t.tip as surge from '${file}' r, tips t`));
    },
    { inlets: [raw] },
  );
  const frame = task('double', { frames: [fetched] }, doubled);
  task(
    'keep',
    { frame },
    async (input, ctx) => void (await writeParquet(`${ctx.scratch}/by_zone.parquet`, readFrameBatches(input.frame))),
    { outlets: [byZone] },
  );
});

export const sums = dag('sum_fares', { schedule: onAssets(trips), isPausedUponCreation: false }, ({ task }) =>
  task(
    'sum',
    (ctx) =>
      ctx.outlets.get(fares).describe({
        rows: 12,
        columns: [
          { name: 'zone', type: 'Utf8', nullable: true },
          { name: 'total', type: 'Float64', nullable: true },
        ],
        columnLineage: {
          zone: [{ asset: 'trips', column: 'zone' }],
          total: [
            { asset: 'trips', column: 'fare' },
            { asset: 'trips', column: 'tip' },
          ],
        },
      }),
    { outlets: [fares] },
  ),
);
