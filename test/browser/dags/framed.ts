import { dag, dataLoader, transformer } from 'windlass';
import { saveFrame } from 'windlass/providers/arrow';
import { readCsvBatches } from 'windlass/providers/csv';
import { sqlTransformer } from 'windlass/providers/sql';

const loadTrips = dataLoader({
  name: 'load_trips',
  run: (_, ctx) =>
    saveFrame(ctx, readCsvBatches(lines(), { types: { id: 'int64', zone: 'text', fare: 'float64', at: 'timestamp', paid: 'bool' } })),
  checks: { 'all rows': (out) => out.rows === 200_000, 'has a zone': (out) => out.columns.includes('zone') },
});

const failing = transformer({
  name: 'failing',
  run: () => ({ rows: 0 }),
  checks: { 'some rows': (out) => out.rows > 0 || 'there are no rows, but 12 were expected', 'not too many': (out) => out.rows < 10 },
});

const totals = sqlTransformer({
  name: 'totals',
  on: 'duckdb',
  sql: 'select zone, count(*) as trips, round(sum(fare), 2) as fares from {{ df_1 }} group by zone order by zone',
});

/** A frame of many rows, that nobody loads whole, with checks that pass and one that fails. */
export default dag('framed', { schedule: '@once', isPausedUponCreation: false }, ({ task }) => {
  const trips = task('load', loadTrips);
  task('sum', { frames: [trips] }, totals);
  task('broken', failing);
});

const ZONES = ["O'Hare", 'Midtown', 'Harlem', '', 'Queens'];

async function* lines(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('id,zone,fare,at,paid\n');
  for (let first = 0; first < 200_000; first += 10_000) {
    const rows = Array.from({ length: 10_000 }, (_, index) => {
      const id = first + index;
      const hour = String(id % 24).padStart(2, '0');
      return `${id},${ZONES[(id * 7) % 5]},${id % 13 === 0 ? '' : ((id * 37) % 5000) / 100},2021-01-${String(1 + (id % 31)).padStart(2, '0')} ${hour}:30:00,${id % 3 === 0}\n`;
    });
    yield Buffer.from(rows.join(''));
  }
}
