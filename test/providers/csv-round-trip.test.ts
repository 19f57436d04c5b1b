/**
 * Property: whatever frame is written as CSV, reading it gives the same values, however the bytes are cut into
 * chunks. The writer is our own, the chunk sizes and values are fast-check's.
 */
import {
  Bool,
  DateDay,
  Float64,
  Int64,
  makeVector,
  Table,
  TimestampMicrosecond,
  Type,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cellReader } from '../../providers/arrow/index.ts';
import { type CsvTypes, readCsv, readCsvBatches } from '../../providers/csv/index.ts';
import { csvText } from '../../providers/csv/write-csv.ts';

const TYPES = {
  int: 'int64',
  float: 'float64',
  when: 'timestamp',
  day: 'date',
  yes: 'bool',
  'a, "text"': 'text',
} as const satisfies CsvTypes;

const MICROS_MIN = BigInt(Date.parse('0001-01-01T00:00:00Z')) * 1000n;
const MICROS_MAX = BigInt(Date.parse('9999-12-31T23:59:59Z')) * 1000n;

const aText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', 'a', '\uFEFF', '') }),
  fc.constantFrom('', '""', 'NULL', ' ', '\r\n'),
);

const aRow = fc.record({
  int: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  float: fc.option(fc.double()),
  when: fc.option(fc.bigInt({ min: MICROS_MIN, max: MICROS_MAX })),
  day: fc.option(fc.integer({ min: -719_162, max: 2_932_896 })),
  yes: fc.option(fc.boolean()),
  text: fc.option(aText),
});
type Row = typeof aRow extends fc.Arbitrary<infer T> ? T : never;

function tableOf(rows: readonly Row[]): Table {
  const columns: Record<string, Vector> = {
    int: vectorFromArray(
      rows.map((row) => row.int),
      new Int64(),
    ),
    float: vectorFromArray(
      rows.map((row) => row.float),
      new Float64(),
    ),
    when: timestamps(rows.map((row) => row.when)),
    day: vectorFromArray(
      rows.map((row) => (row.day === null ? null : new Date(row.day * 86_400_000))),
      new DateDay(),
    ),
    yes: vectorFromArray(
      rows.map((row) => row.yes),
      new Bool(),
    ),
    'a, "text"': vectorFromArray(
      rows.map((row) => row.text),
      new Utf8(),
    ),
  };
  return new Table(columns);
}

/** Raw microseconds: arrow's own builder takes milliseconds. */
function timestamps(values: readonly (bigint | null)[]): Vector {
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8));
  values.forEach((value, row) => {
    if (value !== null) nullBitmap[row >> 3] = nullBitmap[row >> 3]! | (1 << (row & 7));
  });
  return makeVector({
    type: new TimestampMicrosecond(),
    data: BigInt64Array.from(values, (value) => value ?? 0n),
    nullBitmap,
    nullCount: -1,
  } as unknown as { type: TimestampMicrosecond });
}

/** Every cell of a table, raw, so that microseconds and -0 count. */
function cells(table: Table): unknown[][] {
  return table.batches.flatMap((batch) =>
    Array.from({ length: batch.numRows }, (_, row) =>
      batch.data.children.map((child) => {
        if (!child.getValid(row)) return null;
        return child.valueOffsets === undefined && child.typeId !== Type.Bool ? child.values[row] : cellReader(child, '')(row);
      }),
    ),
  );
}

async function written(table: Table, lineEnd: '\n' | '\r\n' = '\n'): Promise<Buffer> {
  let text = '';
  for await (const piece of csvText(table, { lineEnd })) text += piece;
  return Buffer.from(text);
}

function* cut(bytes: Buffer, sizes: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

it('reads back what was written, in chunks and batches of any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(aRow, { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
      fc.constantFrom('\n' as const, '\r\n' as const),
      fc.integer({ min: 1, max: 5 }),
      async (rows, sizes, lineEnd, batchRows) => {
        const table = tableOf(rows);
        const read = await readCsv(cut(await written(table, lineEnd), sizes), { types: TYPES, batchRows });
        expect(cells(read)).toEqual(cells(table));
      },
    ),
    { numRuns: 300 },
  );
});

it('reads the same whatever byte the chunks meet at', async () => {
  const text =
    '\uFEFFname,"n""o",when\r\n"a ""quoted"" one\r\nof two lines",1,2021-01-01 00:00:00\r\n\r\nZürich,,\n"",-3,1999-12-31 23:59:59.5';
  const bytes = Buffer.from(text);
  const types = { name: 'text', 'n"o': 'int64', when: 'timestamp' } as const;
  const whole = cells(await readCsv([bytes], { types }));
  expect(whole).toEqual([
    ['a "quoted" one\r\nof two lines', 1n, 1609459200000000n],
    ['Zürich', null, null],
    ['', -3n, 946684799500000n],
  ]);
  for (let at = 0; at <= bytes.length; at++) {
    const halves = [bytes.subarray(0, at), bytes.subarray(at)];
    expect(cells(await readCsv(halves, { types })), `cut at byte ${at}`).toEqual(whole);
  }
  expect(cells(await readCsv(cut(bytes, [1]), { types }))).toEqual(whole);
});

it('finds the same error whatever byte the chunks meet at', async () => {
  const bytes = Buffer.from('a,b\r\n1,"x\ny"\r\n2,z\r\nbad,w\r\n');
  for (let at = 0; at <= bytes.length; at++) {
    const reading = readCsv([bytes.subarray(0, at), bytes.subarray(at)], { types: { a: 'int64', b: 'text' } });
    await expect(reading, `cut at byte ${at}`).rejects.toMatchObject({ row: 3, line: 5, column: 'a', text: 'bad' });
  }
});

it('holds a few batches in memory, not the file', async () => {
  const line = Buffer.from(`${'x'.repeat(990)},12345678\n`);
  function* endless(): Generator<Uint8Array> {
    yield Buffer.from('a,b\n');
    const chunk = Buffer.concat(Array.from({ length: 256 }, () => line));
    for (let i = 0; i < 1600; i++) yield chunk;
  }
  let rows = 0;
  let peakBytes = 0;
  for await (const batch of readCsvBatches(endless(), { types: { a: 'text', b: 'int64' }, batchRows: 4096 })) {
    rows += batch.numRows;
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    peakBytes = Math.max(peakBytes, arrayBuffers + heapUsed);
  }
  expect(rows).toBe(409_600);
  // 410 MB went through; what is alive at any moment is a few 4 MB batches and what the collector has not fetched yet.
  expect(peakBytes).toBeLessThan(300 * 1024 * 1024);
});
