/**
 * Goal: a frame of any size and of any types is looked into by reading little of it, and what is shown is what is there. Method: frames written
 * by Arrow itself, read back by Arrow's own reader for comparison, and a count of the bytes that were read.
 */
import { appendFileSync, copyFileSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as arrow from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFileIn, type RangedBytes } from '#platform/bytes/ranged-bytes.ts';
import { FramePreviews } from '#platform/frames/frame-preview.ts';
import { writeFrame } from '../../providers/arrow/index.ts';

const ROWS = 1_000_000;
let folder: string;
let scratch: string;
let small: string;
let long: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'windlass-frames-'));
  scratch = join(folder, 'scratch');
  mkdirSync(scratch);
  small = (await writeFrame(join(scratch, 'small.arrow'), smallTable())).path;
  long = (await writeFrame(join(scratch, 'long.arrow'), longTable())).path;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const WORD = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), 7);
const LIST = new arrow.List(new arrow.Field('item', new arrow.Float64(), true));

/** Every type that is shown, with nulls, in two batches. */
function smallTable() {
  const batch = (shift: number) =>
    new arrow.Table({
      n: arrow.vectorFromArray(
        [1, null, -7].map((n) => (n === null ? null : n + shift)),
        new arrow.Int32(),
      ),
      big: arrow.vectorFromArray([2n ** 62n, null, -1n], new arrow.Int64()),
      f: arrow.vectorFromArray([0.1, Number.NaN, null], new arrow.Float64()),
      t: arrow.vectorFromArray(['é', '', null], new arrow.Utf8()),
      ok: arrow.vectorFromArray([true, null, false], new arrow.Bool()),
      day: arrow.vectorFromArray([new Date('1969-12-31'), null, new Date('2021-01-31')], new arrow.DateDay()),
      at: arrow.makeVector(
        arrow.makeData({ type: new arrow.TimestampMicrosecond(), data: new BigInt64Array([-1n, 0n, 1_612_137_599_500_000n]) }),
      ),
      utc: arrow.makeVector(arrow.makeData({ type: new arrow.TimestampMicrosecond('UTC'), data: new BigInt64Array([0n, 0n, 0n]) })),
      word: arrow.vectorFromArray(['a', null, 'a'], WORD),
      list: arrow.vectorFromArray([[1, 2], null, []], LIST),
      after: arrow.vectorFromArray(['x', 'y', 'z'], new arrow.Utf8()),
      blob: arrow.vectorFromArray([Uint8Array.of(0, 255), null, Uint8Array.of()], new arrow.Binary()),
    });
  const [first, second] = [batch(0), batch(100)];
  return new arrow.Table(first.schema, [...first.batches, ...second.batches.map((one) => new arrow.RecordBatch(first.schema, one.data))]);
}

/** One batch of a million rows: nobody can load just a batch of it. */
function longTable() {
  const id = new BigInt64Array(ROWS);
  const fare = new Float64Array(ROWS);
  for (let row = 0; row < ROWS; row++) {
    id[row] = BigInt(row);
    fare[row] = row % 100 === 0 ? 900 : row % 10;
  }
  const words = ['north', 'south', 'south'].map((word) => Buffer.from(word));
  const text = Buffer.concat(Array.from({ length: ROWS }, (_, row) => words[row % 3] as Buffer));
  const offsets = Int32Array.from({ length: ROWS + 1 }, (_, row) => row * 5);
  const nullBitmap = new Uint8Array(ROWS / 8).fill(0b0111_1111);
  return new arrow.Table({
    id: arrow.makeVector(arrow.makeData({ type: new arrow.Int64(), data: id })),
    fare: arrow.makeVector(arrow.makeData({ type: new arrow.Float64(), data: fare, nullBitmap, nullCount: ROWS / 8 })),
    zone: arrow.makeVector(arrow.makeData({ type: new arrow.Utf8(), data: text, valueOffsets: offsets })),
  });
}

interface Counted extends RangedBytes {
  readonly largest: () => number;
  readonly total: () => number;
}

/** Counts what is read. */
async function open(path: string): Promise<Counted> {
  const bytes = await openFileIn(scratch, path);
  let [largest, total] = [0, 0];
  return {
    ...bytes,
    largest: () => largest,
    total: () => total,
    read: (offset, length) => {
      largest = Math.max(largest, length);
      total += length;
      return bytes.read(offset, length);
    },
  };
}

describe('a frame of every type', () => {
  it('shows its columns, and each cell as people write it', async () => {
    const bytes = await open(small);
    const previews = new FramePreviews();
    const head = await previews.head(bytes);
    expect(head.rows).toBe(6);
    expect(head.columns.map(({ name, align, isShown }) => `${name} ${align} ${isShown}`)).toEqual([
      'n right true',
      'big right true',
      'f right true',
      't left true',
      'ok left true',
      'day left true',
      'at left true',
      'utc left true',
      'word left true',
      'list left true',
      'after left true',
      'blob left true',
    ]);
    const first = [
      '1',
      '4611686018427387904',
      '0.1',
      'é',
      'true',
      '1969-12-31',
      '1969-12-31 23:59:59.999999',
      '1970-01-01 00:00:00Z',
      'a',
      '[1, 2]',
      'x',
      '0x00ff',
    ];
    const second = [null, null, 'NaN', '', null, null, '1970-01-01 00:00:00', '1970-01-01 00:00:00Z', null, null, 'y', null];
    const third = ['-7', '-1', null, null, 'false', '2021-01-31', '2021-01-31 23:59:59.5', '1970-01-01 00:00:00Z', 'a', '[]', 'z', '0x'];
    const rows = await previews.rows(bytes, 0, 10);
    expect(rows).toEqual([first, second, third, ['101', ...first.slice(1)], second, ['93', ...third.slice(1)]]);
    expect(await previews.rows(bytes, 4, 1)).toEqual([rows[4]]);
    expect(await previews.rows(bytes, 6, 10)).toEqual([]);
    await bytes.close();
  });

  it('is summed up column by column', async () => {
    const bytes = await open(small);
    const previews = new FramePreviews();
    expect(await previews.column(bytes, 'n')).toMatchObject({ rows: 6, isWhole: true, nulls: 2, min: '-7', max: '101', mean: '47' });
    expect(await previews.column(bytes, 'big')).toMatchObject({ min: '-1', max: '4611686018427387904' });
    expect(await previews.column(bytes, 'f')).toMatchObject({ nulls: 2, nans: 2, min: '0.1', max: '0.1' });
    expect(await previews.column(bytes, 'day')).toMatchObject({ min: '1969-12-31', max: '2021-01-31', mean: null });
    expect(await previews.column(bytes, 'word')).toMatchObject({ nulls: 2, distinct: 1, top: [{ value: 'a', count: 4 }], counts: null });
    expect(await previews.column(bytes, 'ok')).toMatchObject({
      distinct: 2,
      top: [
        { value: 'false', count: 2 },
        { value: 'true', count: 2 },
      ],
    });
    expect(await previews.column(bytes, 'list')).toMatchObject({ nulls: 2, min: null, max: null, distinct: 2, counts: null });
    await expect(previews.column(bytes, 'nowhere')).rejects.toThrow('The frame has no column "nowhere"');
    await bytes.close();
  });
});

describe('a frame of a million rows in one batch', () => {
  it('shows any of its rows, having read less than a megabyte', async () => {
    const bytes = await open(long);
    const previews = new FramePreviews();
    expect(bytes.size).toBeGreaterThan(20_000_000);
    expect(await previews.head(bytes)).toMatchObject({ rows: ROWS });
    const rows = await previews.rows(bytes, 987_654, 100_000);
    expect(rows).toHaveLength(200);
    expect(rows.slice(0, 2)).toEqual([
      ['987654', '4', 'north'],
      ['987655', null, 'south'],
    ]);
    expect(bytes.total()).toBeLessThan(1_000_000);
    await bytes.close();
  });

  it('is summed up to the last row, a few rows at a time', async () => {
    const bytes = await open(long);
    const previews = new FramePreviews();
    const fare = await previews.column(bytes, 'fare');
    expect(fare).toMatchObject({ rows: ROWS, isWhole: true, nulls: ROWS / 8, min: '0', max: '900' });
    expect(fare.counts?.reduce((sum, count) => sum + count, 0)).toBe((ROWS * 7) / 8);
    const high = Array.from({ length: ROWS / 100 }, (_, index) => index * 100).filter((row) => row % 8 !== 7).length;
    expect(fare.counts?.at(-1)).toBe(high);
    expect(await previews.column(bytes, 'zone')).toMatchObject({
      distinct: 2,
      top: [
        { value: 'south', count: 666_666 },
        { value: 'north', count: 333_334 },
      ],
    });
    expect(await previews.column(bytes, 'id')).toMatchObject({ min: '0', max: '999999', mean: '500000' });
    expect(bytes.largest()).toBeLessThan(200_000);
    await bytes.close();
  });

  it('is summed up once, however often it is asked for', async () => {
    const bytes = await open(long);
    const previews = new FramePreviews();
    await Promise.all([previews.column(bytes, 'id'), previews.column(bytes, 'id')]);
    expect(bytes.total()).toBeLessThan(2 * 8 * ROWS + 100_000);
    await bytes.close();
  });
});

it('cuts long texts, and reads no more of them than it shows', async () => {
  const table = new arrow.Table({
    t: arrow.vectorFromArray(
      Array.from({ length: 4 }, () => 'y'.repeat(3_000_000)),
      new arrow.Utf8(),
    ),
  });
  const { path } = await writeFrame(join(scratch, 'texts.arrow'), table);
  const bytes = await open(path);
  const rows = await new FramePreviews().rows(bytes, 0, 4);
  expect(rows.map(([cell]) => cell)).toEqual(Array.from({ length: 4 }, () => `${'y'.repeat(2_000)}…`));
  expect(bytes.total()).toBeLessThan(50_000);
  await bytes.close();
});

describe('what is nested, half as wide, or compressed', () => {
  const deep = () => {
    const inner = new arrow.Struct<Record<string, arrow.DataType>>([
      new arrow.Field('name', new arrow.Utf8(), true),
      new arrow.Field('at', new arrow.TimestampMillisecond(), true),
      new arrow.Field('scores', LIST, true),
    ]);
    const map = new arrow.Map_(
      new arrow.Field(
        'entries',
        new arrow.Struct<{ key: arrow.Utf8; value: arrow.Int32 }>([
          new arrow.Field('key', new arrow.Utf8(), false),
          new arrow.Field('value', new arrow.Int32(), true),
        ]),
        false,
      ),
    );
    const half = arrow.makeVector(arrow.makeData({ type: new arrow.Float16(), data: Uint16Array.of(0x3c00, 0xc100, 0x7e00) }));
    return new arrow.Table({
      half,
      one: arrow.vectorFromArray([{ name: 'a"b', at: 0, scores: [1, null] }, null, { name: null, at: null, scores: [] }], inner),
      many: arrow.vectorFromArray([[{ name: 'x', at: 1, scores: null }], [], null], new arrow.List(new arrow.Field('item', inner, true))),
      pair: arrow.vectorFromArray([[1, 2], [3, 4], null], new arrow.FixedSizeList(2, new arrow.Field('item', new arrow.Int32(), true))),
      words: arrow.vectorFromArray(
        [
          new Map([['k', 1]]),
          new Map<string, number | null>([
            ['l', null],
            ['m', 2],
          ]),
          null,
        ],
        map as never,
      ),
      after: arrow.vectorFromArray(['first', 'second', 'third'], new arrow.Utf8()),
    });
  };
  const shown = [
    [
      '1',
      '{name: "a\\"b", at: 1970-01-01 00:00:00, scores: [1, null]}',
      '[{name: "x", at: 1970-01-01 00:00:00.001, scores: null}]',
      '[1, 2]',
      '{"k": 1}',
      'first',
    ],
    ['-2.5', null, '[]', '[3, 4]', '{"l": null, "m": 2}', 'second'],
    ['NaN', '{name: null, at: null, scores: []}', null, null, null, 'third'],
  ];

  it('is shown as text', async () => {
    const { path } = await writeFrame(join(scratch, 'deep.arrow'), deep());
    const bytes = await open(path);
    const previews = new FramePreviews();
    expect(await previews.rows(bytes, 0, 10)).toEqual(shown);
    expect((await previews.head(bytes)).columns.every(({ isShown }) => isShown)).toBe(true);
    expect(await previews.column(bytes, 'half')).toMatchObject({ nans: 1, min: '-2.5', max: '1' });
    await bytes.close();
  });

  it('shows the first of a long list, and how many there are', async () => {
    const list = arrow.vectorFromArray([Array.from({ length: 50_000 }, (_, n) => n), [7]], LIST);
    const { path } = await writeFrame(join(scratch, 'long-list.arrow'), new arrow.Table({ list }));
    const bytes = await open(path);
    const [[first], second] = (await new FramePreviews().rows(bytes, 0, 2)) as [[string], [string]];
    expect(first).toMatch(/^\[0, 1, .*, 19, … 50000 in all\]$/);
    expect(second).toEqual(['[7]']);
    expect(bytes.total()).toBeLessThan(20_000);
    await bytes.close();
  });

  // 3,000 rows; the buffers by the lz4 and zstd programs.
  it.each(['zstd', 'lz4'])('is unpacked: %s', async (codec) => {
    const path = join(scratch, `${codec}.arrow`);
    copyFileSync(new URL(`./fixtures/${codec}.arrow`, import.meta.url), path);
    const bytes = await open(path);
    const previews = new FramePreviews();
    expect(await previews.head(bytes)).toMatchObject({ rows: 3_000 });
    expect(await previews.rows(bytes, 0, 3)).toEqual([
      ['0', null],
      ['1', 'row 1'],
      ['2', 'row 2'],
    ]);
    expect(await previews.rows(bytes, 2_999, 3)).toEqual([['49', 'row 39']]);
    expect(await previews.column(bytes, 'n')).toMatchObject({ rows: 3_000, min: '0', max: '49', mean: '24.5' });
    expect(await previews.column(bytes, 'text')).toMatchObject({ nulls: 429, distinct: 40 });
    await bytes.close();
  });
});

describe('what is no frame of a run', () => {
  it.each([
    ['text', Buffer.from('id,name\n1,a\n'), 'there is no message at byte 0'],
    ['nothing', Buffer.alloc(0), 'it has no schema'],
    ['a huge head', Buffer.from('ffffffffffffff7f', 'hex'), 'the head of a message has 2147483647 bytes'],
    ['rubbish', Buffer.concat([Buffer.from('ffffffff40000000', 'hex'), Buffer.alloc(64, 7)]), 'The file is no frame'],
  ])('is refused in words: %s', async (name, content, words) => {
    const path = join(scratch, `${name.replaceAll(' ', '_')}.arrow`);
    writeFileSync(path, content);
    const bytes = await open(path);
    await expect(new FramePreviews().head(bytes)).rejects.toThrow(words);
    await bytes.close();
  });

  it('is refused when it is cut off', async () => {
    const { path } = await writeFrame(join(scratch, 'whole.arrow'), smallTable());
    const whole = await open(path);
    const part = join(scratch, 'part.arrow');
    appendFileSync(part, Buffer.from(await whole.read(0, whole.size - 200)));
    const bytes = await open(part);
    await expect(new FramePreviews().head(bytes)).rejects.toThrow('its last batch is cut off');
    await whole.close();
    await bytes.close();
  });

  it('is not followed out of the folder of the runs', async () => {
    const secret = join(folder, 'secret.arrow');
    linkSync(small, secret);
    symlinkSync(secret, join(scratch, 'link.arrow'));
    symlinkSync(folder, join(scratch, 'up'));
    for (const path of [secret, join(scratch, 'link.arrow'), join(scratch, 'up/secret.arrow'), join(scratch, '../secret.arrow'), scratch])
      await expect(open(path)).rejects.toThrow('cannot be shown');
    await expect(open(join(scratch, 'gone.arrow'))).rejects.toThrow('it is not there (any more)');
  });
});
