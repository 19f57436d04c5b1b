// Goal: what is compatible is what readers of the older columns can go on with. Method: pairs of columns.
import { describe, expect, it } from 'vitest';
import type { AssetColumn } from '#core/assets/asset-version.ts';
import { diffColumns, isWidened } from '#core/assets/schema-change.ts';

const columns = (text: string): AssetColumn[] =>
  text.split(', ').map((one) => {
    const [name = '', type = '', more] = one.split(' ');
    return { name, type, nullable: more !== 'required' };
  });
const broken = (before: string, after: string) =>
  diffColumns(columns(before), columns(after))
    .filter((change) => !change.isCompatible)
    .map((change) => `${change.kind} ${change.column}`);

describe('columns', () => {
  it('may be added when they may be null, be widened, and stand in another order', () => {
    expect(broken('id Int32, name Utf8', 'name Utf8, id Int64, fare Float64')).toEqual([]);
    expect(diffColumns(columns('id Int32, name Utf8'), columns('name Utf8, id Int32'))).toEqual([]);
  });

  it('that are gone, have another type, or are new and never null break', () => {
    expect(broken('id Int64, name Utf8', 'id Utf8, fare Float64 required')).toEqual(['type id', 'added fare', 'removed name']);
  });

  it('break nobody by what is said of nulls alone', () => {
    expect(diffColumns(columns('id Int64'), columns('id Int64 required'))).toMatchObject([{ kind: 'nullable', isCompatible: true }]);
  });
});

describe('a type', () => {
  it.for([
    ['Int32', 'Int64', true],
    ['Int64', 'Int32', false],
    ['Uint32', 'Int64', true],
    ['Uint64', 'Int64', false],
    ['Int32', 'Float64', true],
    ['Int64', 'Float64', false],
    ['Float32', 'Float64', true],
    ['integer', 'bigint', true],
    ['varchar(10)', 'text', true],
    ['text', 'varchar(10)', false],
    ['Date32<DAY>', 'Timestamp<MICROSECOND>', true],
    ['Timestamp<MICROSECOND>', 'Date32<DAY>', false],
    ['numeric(10,2)', 'numeric(12,2)', false],
  ] as const)('%s to %s is widened: %s', ([from, to, expected]) => {
    expect(isWidened(from, to)).toBe(expected);
  });
});
