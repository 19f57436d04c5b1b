// Goal: what a stranger says of a version is taken as far as it is right, and nothing else of it. Method: plain values.
import { describe, expect, it } from 'vitest';
import { addFacts, parseFacts } from '#core/assets/asset-version.ts';

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
