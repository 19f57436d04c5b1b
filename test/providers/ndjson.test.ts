/**
 * NDJSON: declared types, nothing guessed, what is written is read back, and a wrong line is named.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { batchesOf, cellReader, type Frame } from '../../providers/arrow/index.ts';
import { inferCsvTypes, readCsv } from '../../providers/csv/index.ts';
import { inferNdjsonTypes, ndjsonText, readNdjson, readNdjsonBatches, writeNdjson } from '../../providers/ndjson/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-ndjson-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const TYPES = { id: 'int64', fare: 'float64', name: 'text', at: 'timestamp', day: 'date', ok: 'bool' } as const;
const LINES = [
  '{"id": 9007199254740993, "fare": 1.5, "name": "é\\n", "at": "2021-01-31T23:59:59.123456", "day": "1969-12-31", "ok": true, "more": 1}',
  '{"name": null}',
  '',
  '{"id": "-7", "fare": "NaN", "name": {"a": [1]}, "nested": {"id": 1}, "at": "2021-02-01", "ok": false}',
];

async function cells(frame: Frame): Promise<unknown[][]> {
  const found: unknown[][] = [];
  for await (const batch of batchesOf(frame)) {
    const readers = batch.data.children.map((child) => cellReader(child, ''));
    for (let row = 0; row < batch.numRows; row++) found.push(readers.map((read) => read(row)));
  }
  return found;
}

describe('reading', () => {
  it('takes each value as its declared type, to the last digit, however the bytes are cut', async () => {
    const bytes = Buffer.from(LINES.join('\n'));
    for (const size of [1, 7, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
      const frame = await readNdjson(chunks, { types: TYPES, undeclared: 'skip' });
      expect(await cells(frame)).toEqual([
        [9007199254740993n, 1.5, 'é\n', new Date('2021-01-31T23:59:59.123Z'), new Date('1969-12-31'), true],
        [null, null, null, null, null, null],
        [-7, Number.NaN, '{"a":[1]}', new Date('2021-02-01'), null, false],
      ]);
      expect(frame.batches[0]?.data.children[3]?.values[0]).toBe(1612137599123456n);
    }
  });

  it.each([
    ['a text for a number', '{"id": "seven"}', 'line 2, column "id": "seven" is not a whole number'],
    ['a fraction for a whole number', '{"id": 7.5}', '7.5 is not a whole number'],
    ['a whole number that does not fit', '{"id": 9223372036854775808}', 'is not a whole number'],
    ['a number for a text', '{"name": 7}', '7 is not a text'],
    ['a number for a truth value', '{"ok": 1}', '1 is not true or false'],
    ['a day that there is not', '{"day": "2021-02-30"}', '"2021-02-30" is not a text like "2021-01-31"'],
    ['a key that is not declared', '{"nam": "x"}', 'Did you mean "name"?'],
    ['a line that is no object', '[1]', 'line 2: each line must be an object'],
    ['a line that is cut off', '{"id": 7', 'line 2: this is no JSON'],
  ])('refuses %s, saying where', async (_, line, message) => {
    await expect(readNdjson([Buffer.from(`{"id": 1}\n${line}`)], { types: TYPES })).rejects.toThrow(message);
  });

  it('streams, and has columns also without rows', async () => {
    const rows: number[] = [];
    const source = [Buffer.from(Array.from({ length: 10 }, (_, id) => JSON.stringify({ id })).join('\n'))];
    for await (const batch of readNdjsonBatches(source, { types: TYPES, batchRows: 4 })) rows.push(batch.numRows);
    expect(rows).toEqual([4, 4, 2]);
    expect((await readNdjson([], { types: TYPES })).schema.names).toEqual(Object.keys(TYPES));
  });
});

it('what is written is read back to the same values, gzipped or not', async () => {
  const value = fc.record({
    n: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)),
    x: fc.option(fc.double().map((x) => (Number.isNaN(x) ? 'NaN' : Object.is(x, -0) ? '-0' : String(x)))),
    s: fc.option(fc.string({ unit: 'grapheme' }).map((text) => `"${text.replaceAll('"', '""')}"`)),
    at: fc.option(fc.constantFrom('2021-01-31 23:59:59.000001', '1899-12-31')),
    ok: fc.option(fc.boolean().map(String)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(value, { maxLength: 20 }), fc.boolean(), async (rows, gzip) => {
      const path = join(folder, gzip ? 'any.ndjson.gz' : 'any.ndjson');
      const text = `n,x,s,at,ok\n${rows.map(({ n, x, s, at, ok }) => `${n ?? ''},${x ?? ''},${s ?? ''},${at ?? ''},${ok ?? ''}\n`).join('')}`;
      const types = { n: 'int64', x: 'float64', s: 'text', at: 'timestamp', ok: 'bool' } as const;
      const frame = await readCsv([Buffer.from(text)], { types });
      expect(await writeNdjson(path, frame)).toBe(rows.length);
      expect(await cells(await readNdjson(path, { types }))).toEqual(await cells(frame));
    }),
    { numRuns: 25 },
  );
});

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

it('each line is plain JSON', async () => {
  const frame = await readCsv([Buffer.from('id,at,s\n1,2021-01-31 00:00:00,"a""b"\n,,\n')], {
    types: { id: 'int64', at: 'timestamp', s: 'text' },
  });
  expect(await textOf(ndjsonText(frame))).toBe('{"id":1,"at":"2021-01-31 00:00:00","s":"a\\"b"}\n{"id":null,"at":null,"s":null}\n');
});

describe('types are proposed, never taken silently', () => {
  const csv =
    'id,zip,fare,day,at,ok,name,none\n1,02134,1.5,2021-01-31,2021-01-31,true,a,\n-2,99999,3,2021-02-01,2021-02-01 10:00:00,FALSE,,\n';

  it('for CSV, as data and as code to paste', async () => {
    const found = await inferCsvTypes([Buffer.from(csv)]);
    expect(found.types).toEqual({
      id: 'int64',
      zip: 'text',
      fare: 'float64',
      day: 'date',
      at: 'timestamp',
      ok: 'bool',
      name: 'text',
      none: 'text',
    });
    expect(found).toMatchObject({ rows: 2, isWholeFile: true, empty: ['none'] });
    expect(found.code).toContain("  fare: 'float64',\n");
    expect((await readCsv([Buffer.from(csv)], { types: found.types })).numRows).toBe(2);
  });

  it('by the first rows: a later cell that does not fit is still refused', async () => {
    const text = `${csv}x,1,1,2021-01-01,2021-01-01,true,a,\n`;
    const found = await inferCsvTypes([Buffer.from(text)], { rows: 2 });
    expect(found).toMatchObject({ rows: 2, isWholeFile: false });
    await expect(readCsv([Buffer.from(text)], { types: found.types })).rejects.toThrow('row 3 (line 4), column "id"');
  });

  it('for NDJSON, where a text of digits is a text', async () => {
    const path = join(folder, 'infer.ndjson');
    await writeFile(path, '{"id":1,"x":1,"zip":"123","day":"2021-01-31","o":{"a":1},"n":null}\n{"id":2,"x":1.5,"ok":true}\n');
    const found = await inferNdjsonTypes(path);
    expect(found.types).toEqual({ id: 'int64', x: 'float64', zip: 'text', day: 'date', o: 'text', n: 'text', ok: 'bool' });
    expect(found.empty).toEqual(['n']);
  });
});
