// Goal: what a stranger says of a version is taken as far as it is right, and nothing else of it. Method: plain values.
import { describe, expect, it } from 'vitest';
import { addFacts, parseFacts, VERSION_LIMITS } from '#core/assets/asset-version.ts';

describe('facts', () => {
  it('that are right pass as they are', () => {
    const facts = {
      columns: [{ name: 'id', type: 'Int64', nullable: false }],
      rows: 3,
      bytes: 0,
      partitions: ['day=1'],
      columnLineage: { id: [{ asset: 'raw', column: 'key', through: ['load'] }], one: [] },
      sample: {
        columns: ['id', 'name'],
        rows: [
          [1, 'a'],
          [2, null],
        ],
      },
    };
    expect(parseFacts(facts)).toEqual(facts);
  });

  it('that are wrong are left out, one by one', () => {
    expect(
      parseFacts({
        rows: -1,
        bytes: 1.5,
        columns: [{ name: '' }, { name: 'a', type: 't' }, 7],
        partitions: 'x',
        columnLineage: { a: [{}] },
      }),
    ).toEqual({
      columns: [{ name: 'a', type: 't', nullable: true }],
    });
    expect(parseFacts({ rows: '3' })).toBe(null);
    expect(parseFacts(null)).toBe(null);
  });

  it('hold only cells that can be stored and shown', () => {
    const sample = { columns: ['a'], rows: [['x\0y'], ['\ud800'], ['z'.repeat(300)], [{ b: 1 }], [Number.NaN], 'no row', [1, 2]] };
    expect(parseFacts({ sample })?.sample?.rows).toEqual([['x\ufffdy'], ['\ufffd'], [`${'z'.repeat(200)}…`], ['{"b":1}'], ['NaN'], [1]]);
  });

  it('keep no more rows, columns and bytes than a page needs', () => {
    const columns = Array.from({ length: 80 }, (_, index) => `c${index}`);
    const wide = parseFacts({ sample: { columns, rows: [columns], nulls: columns.map((_, index) => index) } })?.sample;
    expect([wide?.columns.length, wide?.rows[0]?.length, wide?.nulls?.at(-1)]).toEqual([50, 50, 49]);
    const rows = Array.from({ length: 60 }, () => ['x'.repeat(200), 'é'.repeat(200), 'z'.repeat(500), '"'.repeat(200)]);
    const long = parseFacts({ sample: { columns: columns.slice(0, 4), rows } })?.sample;
    const bytes = Buffer.byteLength(JSON.stringify(long));
    expect([bytes <= VERSION_LIMITS.sampleBytes, bytes > VERSION_LIMITS.sampleBytes - 2_000, (long?.rows.length ?? 0) < 50]).toEqual([
      true,
      true,
      true,
    ]);
    expect(parseFacts({ sample: { columns: ['a', ''], rows: [[1, 2]] } })).toBe(null);
  });

  it('of several places add up', () => {
    expect(addFacts({ rows: 1, bytes: 10, partitions: ['a'] }, { rows: 2, partitions: ['a', 'b'] })).toEqual({
      rows: 3,
      bytes: 10,
      partitions: ['a', 'b'],
    });
  });

  it('of several places say of a column only what they all say', () => {
    const one = { columnLineage: { a: [{ asset: 'x', column: 'a' }], b: [] } };
    const other = { columnLineage: { a: [{ asset: 'y', column: 'a' }] } };
    expect(addFacts(one, other).columnLineage).toEqual({
      a: [
        { asset: 'x', column: 'a' },
        { asset: 'y', column: 'a' },
      ],
    });
    expect(addFacts(one, { rows: 1 })).toEqual({ rows: 1 });
  });
});
