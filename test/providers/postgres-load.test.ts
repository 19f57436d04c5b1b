/**
 * Frames into Postgres: every Arrow type bit for bit, the three ifExists modes, and a failed load that leaves
 * the table as it was. Checked by SQL on a real server.
 */
import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Field,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '#test/support/postgres.ts';
import { readCsv, readCsvBatches } from '../../providers/csv/index.ts';
import { openPostgres, type Postgres } from '../../providers/postgres/index.ts';
import { connectionFromUrl } from './postgres-connection.ts';

let database: TestDatabase;
let warehouse: Postgres;

beforeAll(async () => {
  database = await createDatabase();
  warehouse = await openPostgres(connectionFromUrl(database.url));
});
afterAll(async () => {
  await warehouse.close();
  await database.drop();
});
beforeEach(async () => {
  await warehouse.query('drop schema if exists lake cascade');
});

const lake = { schema: 'lake', table: 'trips' };
const csv = (text: string) => readCsv([Buffer.from(text)], { types: { id: 'int64', name: 'text' } });
const rows = () => warehouse.query('select id, name from lake.trips order by id');
const tables = async () =>
  (await warehouse.query<{ name: string }>("select relname as name from pg_class where relnamespace = to_regnamespace('lake')")).map(
    (row) => row.name,
  );

/** One column of raw 64-bit values: arrow's own builders take milliseconds for timestamps. */
function rawColumn(type: DataType, values: readonly bigint[]): Table {
  const field = new Field('a', type, true);
  const child = makeData({ type, length: values.length, data: BigInt64Array.from(values), nullCount: 0 } as unknown as Parameters<
    typeof makeData
  >[0]);
  const struct = makeData({ type: new Struct([field]), length: values.length, nullCount: 0, children: [child] });
  return new Table([new RecordBatch(new Schema([field]), struct)]);
}

describe('types', () => {
  const cases: readonly [type: DataType, values: readonly unknown[], sql: string, texts: readonly string[]][] = [
    [new Int8(), [-128, 127], 'smallint', ['-128', '127']],
    [new Int16(), [-32_768, 32_767], 'smallint', ['-32768', '32767']],
    [new Int32(), [-2_147_483_648, 2_147_483_647], 'integer', ['-2147483648', '2147483647']],
    [new Int64(), [-(2n ** 63n), 2n ** 63n - 1n, -1n], 'bigint', ['-9223372036854775808', '9223372036854775807', '-1']],
    [new Uint8(), [255], 'smallint', ['255']],
    [new Uint16(), [65_535], 'integer', ['65535']],
    [new Uint32(), [4_294_967_295], 'bigint', ['4294967295']],
    [new Uint64(), [2n ** 63n - 1n], 'bigint', ['9223372036854775807']],
    [new Float32(), [1.5, -0.1, Number.NaN], 'real', ['1.5', '-0.1', 'NaN']],
    [
      new Float64(),
      [0.1, -1e300, Number.NaN, Number.NEGATIVE_INFINITY, -0],
      'double precision',
      ['0.1', '-1e+300', 'NaN', '-Infinity', '-0'],
    ],
    [new Bool(), [true, false], 'boolean', ['true', 'false']],
    [new Utf8(), ['', 'Zürich', '東京\n"', 'x'.repeat(300_000)], 'text', ['', 'Zürich', '東京\n"', 'x'.repeat(300_000)]],
    [new Binary(), [Uint8Array.of(0, 255)], 'bytea', ['\\x00ff']],
    [
      new DateDay(),
      [new Date('1969-12-31'), new Date('9999-12-31'), new Date('2000-01-01')],
      'date',
      ['1969-12-31', '9999-12-31', '2000-01-01'],
    ],
  ];

  it.each(cases)('loads %s', async (type, values, sql, texts) => {
    const frame = new Table({ a: vectorFromArray([...values, null], type) });
    await warehouse.loadTable({ ...lake, frame, ifExists: 'replace' });
    const found = await warehouse.query<{ type: string; text: string | null }>(
      'select pg_typeof(a)::text as type, a::text as text from lake.trips',
    );
    expect(found).toEqual([...texts, null].map((text) => ({ type: sql, text })));
  });

  const micros = (text: string, more = 0n) => BigInt(Date.parse(text)) * 1000n + more;
  it.each([
    [
      new TimestampMicrosecond(),
      [micros('1969-12-31T23:59:59Z', 999_999n), micros('2021-01-31T12:00:00Z', 1n)],
      ['1969-12-31 23:59:59.999999', '2021-01-31 12:00:00.000001'],
    ],
    [
      new TimestampMicrosecond(),
      [micros('0001-01-01T00:00:00Z'), micros('9999-12-31T23:59:59Z', 7n)],
      ['0001-01-01 00:00:00', '9999-12-31 23:59:59.000007'],
    ],
    [new TimestampMicrosecond('UTC'), [micros('2021-01-31T12:00:00Z')], ['2021-01-31 12:00:00+00']],
    [new TimestampMillisecond(), [1_612_094_400_123n], ['2021-01-31 12:00:00.123']],
    [new TimestampSecond(), [-1n], ['1969-12-31 23:59:59']],
    [new TimestampNanosecond(), [1_612_094_400_123_456_789n], ['2021-01-31 12:00:00.123456']],
  ] as const)('loads %s', async (type, values, texts) => {
    await warehouse.loadTable({ ...lake, frame: rawColumn(type, values), ifExists: 'replace' });
    expect((await warehouse.query<{ text: string }>('select a::text as text from lake.trips')).map((row) => row.text)).toEqual(texts);
  });

  it('loads slices of tables, whose bitmaps begin in the middle of a byte', async () => {
    const source = await readCsv(
      [Buffer.from(`id,name,ok\n${Array.from({ length: 40 }, (_, i) => (i % 3 ? `${i},n${i},${i % 2}` : ',,')).join('\n')}\n`)],
      {
        types: { id: 'int64', name: 'text', ok: 'bool' },
      },
    );
    await warehouse.loadTable({ ...lake, frame: source.slice(13, 30), ifExists: 'replace' });
    const expected = Array.from({ length: 17 }, (_, i) => i + 13).map((i) =>
      i % 3 ? { id: i, name: `n${i}`, ok: i % 2 === 1 } : { id: null, name: null, ok: null },
    );
    expect(await warehouse.query('select id, name, ok from lake.trips')).toEqual(expected);
  });

  it('refuses a type it cannot load, and names the column', async () => {
    const frame = new Table({ nested: vectorFromArray([[1]], new List(new Field('item', new Int32()))) });
    await expect(warehouse.loadTable({ ...lake, frame, ifExists: 'replace' })).rejects.toThrow(
      'column "nested": type List<Int32> cannot be loaded',
    );
    expect(await tables()).toEqual([]);
  });

  it('refuses an unsigned integer that does not fit', async () => {
    const frame = new Table({ a: vectorFromArray([2n ** 63n], new Uint64()) });
    await expect(warehouse.loadTable({ ...lake, frame, ifExists: 'replace' })).rejects.toThrow('does not fit a bigint');
  });

  it('quotes names of all kinds, and refuses those that Postgres would cut', async () => {
    const frame = new Table({ 'Fare "$", €': vectorFromArray([1], new Int32()) });
    await warehouse.loadTable({ schema: 'lake', table: 'select "x"; --', frame, ifExists: 'replace' });
    expect(await warehouse.query('select "Fare ""$"", €" as fare from lake."select ""x""; --"')).toEqual([{ fare: 1 }]);
    const long = new Table({ ['a'.repeat(64)]: vectorFromArray([1], new Int32()) });
    await expect(warehouse.loadTable({ ...lake, frame: long, ifExists: 'replace' })).rejects.toThrow('names in Postgres have at most 63');
  });
});

describe('many rows', () => {
  it('keeps sum, minimum, maximum and nulls over many batches', async () => {
    const lines = Array.from({ length: 50_000 }, (_, i) => `${i % 7 === 0 ? '' : i - 1000},${i % 11 === 0 ? '' : `name ${i}`}\n`);
    const seen: number[] = [];
    const result = await warehouse.loadTable({
      ...lake,
      frame: readCsvBatches([Buffer.from('id,name\n'), ...lines.map((line) => Buffer.from(line))], {
        types: { id: 'int64', name: 'text' },
        batchRows: 9999,
      }),
      ifExists: 'replace',
      onProgress: (count) => seen.push(count),
    });
    expect(result).toMatchObject({ schema: 'lake', table: 'trips', rows: 50_000, columns: ['id', 'name'] });
    expect(seen).toEqual([9999, 19_998, 29_997, 39_996, 49_995]);
    const kept = Array.from({ length: 50_000 }, (_, i) => i).filter((i) => i % 7 !== 0);
    const [found] = await warehouse.query(
      'select count(*), count(id) as ids, sum(id)::bigint, min(id), max(id), count(name) as names from lake.trips',
    );
    expect(found).toEqual({
      count: 50_000,
      ids: kept.length,
      sum: kept.reduce((total, i) => total + i - 1000, 0),
      min: 1 - 1000,
      max: 49_999 - 1000,
      names: 50_000 - Math.ceil(50_000 / 11),
    });
  });

  it('loads a frame without rows as an empty table', async () => {
    await warehouse.loadTable({ ...lake, frame: await csv('id,name\n'), ifExists: 'replace' });
    expect(await rows()).toEqual([]);
  });
});

describe('ifExists', () => {
  it('replace swaps the table, columns included', async () => {
    await warehouse.loadTable({ ...lake, frame: new Table({ old: vectorFromArray([1], new Int32()) }), ifExists: 'replace' });
    await warehouse.loadTable({ ...lake, frame: await csv('id,name\n1,a\n'), ifExists: 'replace' });
    expect(await rows()).toEqual([{ id: 1, name: 'a' }]);
    expect(await tables()).toEqual(['trips']);
  });

  it('append makes the table, then adds to it, also in another order of columns and into other types', async () => {
    await warehouse.loadTable({ ...lake, frame: await csv('id,name\n1,a\n'), ifExists: 'append' });
    await warehouse.loadTable({ ...lake, frame: await csv('name,id\nb,2\n'), ifExists: 'append' });
    await warehouse.query('alter table lake.trips alter id type integer, add extra text default $$x$$');
    await warehouse.loadTable({ ...lake, frame: await csv('id,name\n3,c\n'), ifExists: 'append' });
    expect(await warehouse.query('select * from lake.trips order by id')).toEqual([
      { id: 1, name: 'a', extra: 'x' },
      { id: 2, name: 'b', extra: 'x' },
      { id: 3, name: 'c', extra: 'x' },
    ]);
  });

  it('append refuses a column that the table lacks', async () => {
    await warehouse.loadTable({ ...lake, frame: new Table({ id: vectorFromArray([1], new Int32()) }), ifExists: 'replace' });
    await expect(warehouse.loadTable({ ...lake, frame: await csv('id,name\n1,a\n'), ifExists: 'append' })).rejects.toThrow(
      'table "lake"."trips" has no column name; it has id.',
    );
  });

  it('fail refuses an existing table and leaves it alone', async () => {
    await warehouse.loadTable({ ...lake, frame: await csv('id,name\n1,a\n'), ifExists: 'fail' });
    await expect(warehouse.loadTable({ ...lake, frame: await csv('id,name\n2,b\n'), ifExists: 'fail' })).rejects.toThrow('exists already');
    expect(await rows()).toEqual([{ id: 1, name: 'a' }]);
  });
});

describe('a failed load', () => {
  const old = [{ id: 1, name: 'kept' }];
  beforeEach(async () => {
    await warehouse.loadTable({ ...lake, frame: await csv('id,name\n1,kept\n'), ifExists: 'replace' });
  });

  it('changes nothing when the server refuses a row, and says which', async () => {
    const frame = await csv('id,name\n2,fine\n3,a\0b\n');
    for (const ifExists of ['replace', 'append'] as const) {
      await expect(warehouse.loadTable({ ...lake, frame, ifExists })).rejects.toThrow(
        /^loading "lake"\."trips" failed and changed nothing: invalid byte sequence for encoding "UTF8": 0x00 \(COPY \S+, line 2, column name/,
      );
    }
    expect(await rows()).toEqual(old);
    expect(await tables()).toEqual(['trips']);
  });

  it('changes nothing when the frame itself fails midway, and passes its error on', async () => {
    const text = `id,name\n${Array.from({ length: 5000 }, (_, i) => `${i},x\n`).join('')}oops,x\n`;
    const frame = () => readCsvBatches([Buffer.from(text)], { types: { id: 'int64', name: 'text' }, batchRows: 100 });
    for (const ifExists of ['replace', 'append'] as const) {
      await expect(warehouse.loadTable({ ...lake, frame: frame(), ifExists })).rejects.toMatchObject({
        name: 'CsvError',
        row: 5001,
        column: 'id',
      });
    }
    expect(await rows()).toEqual(old);
    expect(await tables()).toEqual(['trips']);
  });

  it('changes nothing when a view needs the old table, and says what to do', async () => {
    await warehouse.query('create view lake.names as select name from lake.trips');
    await expect(warehouse.loadTable({ ...lake, frame: await csv('id,name\n2,b\n'), ifExists: 'replace' })).rejects.toThrow(
      /cannot drop table lake\.trips because other objects depend on it\. view lake\.names .* Drop what depends on the old table first/,
    );
    expect(await rows()).toEqual(old);
  });

  it('changes nothing when a constraint of the table refuses a row', async () => {
    await warehouse.query('alter table lake.trips add check (id < 100)');
    await expect(warehouse.loadTable({ ...lake, frame: await csv('id,name\n5,x\n100,y\n'), ifExists: 'append' })).rejects.toThrow(
      'violates check constraint',
    );
    expect(await rows()).toEqual(old);
  });

  it('changes nothing when the batches change their columns', async () => {
    async function* changing() {
      yield* (await csv('id,name\n5,x\n')).batches;
      yield* new Table({ id: vectorFromArray([1], new Int32()) }).batches;
    }
    await expect(warehouse.loadTable({ ...lake, frame: changing(), ifExists: 'replace' })).rejects.toThrow('must have the same columns');
    expect(await rows()).toEqual(old);
  });

  it('changes nothing when the task is cancelled midway, and the connection does not linger', async () => {
    const cancel = new AbortController();
    const cancelled = await openPostgres(connectionFromUrl(database.url), { signal: cancel.signal, applicationName: 'to be cancelled' });
    async function* slow() {
      yield* (await csv('id,name\n5,x\n')).batches;
      cancel.abort();
      yield* (await csv('id,name\n6,x\n')).batches;
    }
    await expect(cancelled.loadTable({ ...lake, frame: slow(), ifExists: 'replace' })).rejects.toThrow();
    expect(await rows()).toEqual(old);
    await cancelled.close();
  });
});

describe('readers', () => {
  it('see the old rows during a replace, and the new ones right after', async () => {
    await warehouse.loadTable({ ...lake, frame: await csv('id,name\n1,old\n'), ifExists: 'replace' });
    const reader = await openPostgres(connectionFromUrl(database.url));
    const seen: unknown[] = [];
    async function* watched() {
      yield* (await csv('id,name\n2,new\n')).batches;
      seen.push(...(await reader.query('select name from lake.trips')));
      yield* (await csv('id,name\n3,new\n')).batches;
    }
    await warehouse.loadTable({ ...lake, frame: watched(), ifExists: 'replace' });
    seen.push(...(await reader.query('select name from lake.trips')));
    expect(seen).toEqual([{ name: 'old' }, { name: 'new' }, { name: 'new' }]);
    await reader.close();
  });

  it('two loads of one table at once leave one whole result', async () => {
    const other = await openPostgres(connectionFromUrl(database.url));
    const frames = [await csv('id,name\n1,a\n2,a\n'), await csv('id,name\n1,b\n2,b\n')] as const;
    await Promise.all([
      warehouse.loadTable({ ...lake, frame: frames[0], ifExists: 'replace' }),
      other.loadTable({ ...lake, frame: frames[1], ifExists: 'replace' }),
    ]);
    const names = (await rows()).map((row) => row['name']);
    expect(names).toHaveLength(2);
    expect(new Set(names).size).toBe(1);
    await other.close();
  });
});
