/**
 * BigQuery with Google's own client over HTTP, against an emulator on DuckDB: loads happen once however often a task is tried,
 * values come back as plain ones, and errors say what to do.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { duck } from '#test/support/duckdb.ts';
import { type BigQueryEmulator, startBigQueryEmulator } from '../../emulators/bigquery/bigquery-server.ts';
import { type GcsEmulator, startGcsEmulator } from '../../emulators/gcs/gcs-server.ts';
import { readCsvBatches } from '../../providers/csv/index.ts';
import { type BigQuery, connectBigQuery, connectGcs } from '../../providers/google/index.ts';
import { writeDataset, writeParquet } from '../../providers/parquet/index.ts';

let folder: string;
let gcs: GcsEmulator;
let emulator: BigQueryEmulator;
let bigquery: BigQuery;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-bigquery-test-'));
  gcs = await startGcsEmulator({ port: 0, clock: systemClock });
  emulator = await startBigQueryEmulator({ port: 0, clock: systemClock, objects: gcs.objects });
  gcs.objects.createBucket('lake');
  bigquery = await attempt('key');
  await bigquery.ensureDataset('taxi');
});
afterEach(async () => {
  await emulator.stop();
  await gcs.stop();
  await rm(folder, { recursive: true, force: true });
});

const extra = () => ({ project: 'test', storage_endpoint: gcs.url, bigquery_endpoint: emulator.url });
const source = () => ({ conn: async <T>() => ({ id: 'google_cloud_default', type: 'google_cloud_platform', extra: extra() }) as T });
/** An attempt of a task. */
const attempt = (idempotencyKey: string) => connectBigQuery({ ...source(), idempotencyKey });

const TYPES = { id: 'int64', fare: 'float64', name: 'text', at: 'timestamp', day: 'date', ok: 'bool' } as const;
const TEXT =
  'id,fare,name,at,day,ok\n9007199254740993,1.5,é,2021-01-31 23:59:59.5,2021-01-31,true\n,,,,,\n-1,0.1,"",2021-02-01,2021-02-01,false\n';
const frame = (text = TEXT) => readCsvBatches([Buffer.from(text)], { types: TYPES });

async function putParquet(name: string, text = TEXT): Promise<string> {
  const { path } = await writeParquet(join(folder, 'x.parquet'), frame(text));
  return (await (await connectGcs(source())).upload(path, `gs://lake/${name}`)).uri;
}

const count = async (table: string) => (await bigquery.query<{ n: number }>(`select count(*) as n from \`test.${table}\``))[0]?.n;

describe('a load', () => {
  it('brings every value, and other tasks read them as plain ones', async () => {
    const loaded = await bigquery.load({ from: await putParquet('a.parquet'), table: 'taxi.trips', ifExists: 'replace' });
    expect(loaded).toMatchObject({ table: 'taxi.trips', rows: 3, wasDone: false });
    expect(await bigquery.query('select * from `test.taxi.trips` order by id nulls last')).toEqual([
      { id: -1, fare: 0.1, name: '', at: new Date('2021-02-01'), day: '2021-02-01', ok: false },
      { id: 9007199254740993n, fare: 1.5, name: 'é', at: new Date('2021-01-31T23:59:59.500Z'), day: '2021-01-31', ok: true },
      { id: null, fare: null, name: null, at: null, day: null, ok: null },
    ]);
  });

  it('that is tried again is found, not done twice, even when it appends and its answer was lost', async () => {
    const from = await putParquet('a.parquet');
    const load = async (key: string) => (await attempt(key)).load({ from, table: 'taxi.trips', ifExists: 'append' });
    const first = await load('task-1');
    expect(await load('task-1')).toMatchObject({ jobId: first.jobId, rows: 3, wasDone: true });
    expect(await count('taxi.trips')).toBe(3);
    emulator.fail({ method: 'POST', path: /jobs/, status: 'lost', times: 1 });
    expect(await load('task-2')).toMatchObject({ rows: 3 });
    expect(await count('taxi.trips')).toBe(6);
    // Cleared by a person: another key, so it is done again.
    expect(await load('task-2-1')).toMatchObject({ wasDone: false });
    expect(await count('taxi.trips')).toBe(9);
  });

  it('that failed is done anew by the next attempt', async () => {
    const load = async () => (await attempt('task')).load({ from: 'gs://lake/late.parquet', table: 'taxi.trips', ifExists: 'append' });
    await expect(load()).rejects.toThrow('No such object: lake/late.parquet');
    await putParquet('late.parquet');
    expect(await load()).toMatchObject({ rows: 3, wasDone: false, jobId: expect.stringMatching(/_1$/) });
  });

  it('replaces, appends or refuses, all rows or none', async () => {
    const from = await putParquet('a.parquet');
    const load = (ifExists: 'replace' | 'append' | 'fail', name: string) => bigquery.load({ from, table: 'taxi.trips', ifExists, name });
    await load('fail', '1');
    await load('append', '2');
    expect(await count('taxi.trips')).toBe(6);
    await expect(load('fail', '3')).rejects.toThrow('Already Exists');
    await load('replace', '4');
    expect(await count('taxi.trips')).toBe(3);
    const other = await writeParquet(join(folder, 'other.parquet'), readCsvBatches([Buffer.from('id\n7\n')], { types: { id: 'text' } }));
    await (await connectGcs(source())).upload(other.path, 'gs://lake/bad/b.parquet');
    gcs.objects.put('lake', 'bad/c.parquet', Buffer.from('no parquet'), {});
    await expect(bigquery.load({ from: 'gs://lake/bad/*', table: 'taxi.trips', ifExists: 'append' })).rejects.toMatchObject({
      name: 'Fatal',
    });
    expect(await count('taxi.trips')).toBe(3);
  });

  it('takes the columns of Hive folders along', async () => {
    const dataset = await writeDataset(join(folder, 'dataset'), frame(), { partitionBy: ['day'] });
    await (await connectGcs(source())).uploadDataset(dataset, 'gs://lake/by-day');
    await bigquery.load({ from: 'gs://lake/by-day/*', hiveFolder: 'gs://lake/by-day/', table: 'taxi.by_day', ifExists: 'replace' });
    expect(await bigquery.query('select day, count(*) as n from taxi.by_day group by day order by day nulls last')).toEqual([
      { day: '2021-01-31', n: 1 },
      { day: '2021-02-01', n: 1 },
      { day: null, n: 1 },
    ]);
  });

  it('of text files needs a schema: nothing is guessed', async () => {
    gcs.objects.put('lake', 'a.csv', Buffer.from('id,day\n007,2021-01-31\n'), {});
    const schema = [
      { name: 'id', type: 'STRING' },
      { name: 'day', type: 'DATE' },
    ] as const;
    await expect(bigquery.load({ from: 'gs://lake/a.csv', format: 'csv', table: 'taxi.csv', ifExists: 'replace' })).rejects.toThrow(
      'needs a schema',
    );
    await bigquery.load({ from: 'gs://lake/a.csv', format: 'csv', schema, table: 'taxi.csv', ifExists: 'replace' });
    gcs.objects.put('lake', 'a.ndjson', Buffer.from('{"id":"8","day":"2021-02-01"}\n'), {});
    await bigquery.load({ from: ['gs://lake/a.ndjson'], format: 'ndjson', schema, table: 'taxi.csv', ifExists: 'append' });
    expect(await bigquery.query('select * from taxi.csv order by day')).toEqual([
      { id: '007', day: '2021-01-31' },
      { id: '8', day: '2021-02-01' },
    ]);
  });
});

describe('a query', () => {
  it('takes values as parameters, and refuses more rows than can be a result', async () => {
    await bigquery.load({ from: await putParquet('a.parquet'), table: 'taxi.trips', ifExists: 'replace' });
    const rows = await bigquery.query('select id from taxi.trips where name = @name or id < @below order by id', {
      params: { name: "é' or 1=1", below: 0 },
    });
    expect(rows).toEqual([{ id: -1 }]);
    await expect(bigquery.query('select * from taxi.trips', { maxRows: 2 })).rejects.toThrow('more than 2 rows');
    await expect(bigquery.query('selct 1')).rejects.toMatchObject({ name: 'Fatal', message: expect.stringContaining('syntax error') });
  });

  it('can fill a table, once', async () => {
    await bigquery.load({ from: await putParquet('a.parquet'), table: 'taxi.trips', ifExists: 'replace' });
    const into = async () =>
      (await attempt('into')).queryInto('taxi.sums', 'select count(*) as n from `test.taxi.trips`', { ifExists: 'append' });
    expect([(await into()).wasDone, (await into()).wasDone]).toEqual([false, true]);
    expect(await bigquery.query('select * from taxi.sums')).toEqual([{ n: 3 }]);
  });
});

it('a table is extracted to files that others read', async () => {
  await bigquery.load({ from: await putParquet('a.parquet'), table: 'taxi.trips', ifExists: 'replace' });
  await bigquery.extract({ table: 'taxi.trips', to: 'gs://lake/out/trips-*.parquet' });
  const path = join(folder, 'out.parquet');
  await (await connectGcs(source())).download('gs://lake/out/trips-000000000000.parquet', path);
  expect(await duck(`select count(*)::int, max(id)::text from '${path}'`)).toEqual([[3, '9007199254740993']]);
});

it('a table is there or not', async () => {
  expect(await bigquery.tableExists('taxi.trips')).toBe(false);
  await bigquery.load({ from: await putParquet('a.parquet'), table: 'taxi.trips', ifExists: 'replace' });
  expect(await bigquery.tableExists('taxi.trips')).toBe(true);
  await expect(bigquery.tableExists('trips')).rejects.toThrow('Write it as dataset.table');
});
