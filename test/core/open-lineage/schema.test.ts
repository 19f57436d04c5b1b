// Goal: every kind of event that we send is what the specification of OpenLineage asks for. Method: its own JSON schemas (spec/README.md), events
// made of all that the catalogue may know and of nothing, and events that are wrong in one thing each, which must be refused.
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { dagRunEventOf, type LineageOutput, type LineageTask, runEventOf } from '#core/open-lineage/run-event.ts';
import { facetsOf, type LineageEvent, wrongsOf } from '#test/support/open-lineage-schema.ts';

const TYPES = ['START', 'COMPLETE', 'FAIL'] as const;
const COLUMNS = [{ name: 'a', type: 'Int64', nullable: true }];
const OUTPUT: LineageOutput = {
  name: 'orders',
  uri: 'postgres://warehouse:5432/shop/public/orders',
  columns: COLUMNS,
  versionId: 5,
  rows: 3,
  bytes: 10,
  columnLineage: {
    a: [
      { asset: 'raw', column: 'a' },
      { asset: 'elsewhere', column: 'b', through: ['load', 'double'] },
    ],
    made: [{ asset: 'frame://etl/load', column: 'b' }],
    one: [],
  },
};
const TASK: LineageTask = {
  type: 'START',
  at: '2026-11-27T01:02:03.000Z',
  runId: '01a21aba-1cb8-7509-9c5a-6bc3bbf20672',
  dagId: 'etl',
  taskId: 'load',
  dagRunId: '01a21aba-1cb8-7509-9c5a-6bc3bbf20673',
  version: '1.0.0',
  logicalDate: '2026-11-27T00:00:00.000Z',
  namespace: 'windlass',
  message: 'it broke',
  inputs: [{ name: 'raw', uri: 's3://lake/raw', columns: COLUMNS, versionId: 4 }],
  outputs: [OUTPUT],
};

const PLACES = [
  's3://lake',
  's3://lake/x',
  'file:///data/x',
  'bigquery://p/d/t',
  'mysql://h:3306/d/t',
  'duckdb:///l.duckdb/main/t',
  'plain',
];
const TASKS: readonly (readonly [string, Partial<LineageTask>])[] = [
  ['with all that can be known', {}],
  ['with nothing known', { logicalDate: null, message: null, inputs: [], outputs: [] }],
  [
    'with assets of which nothing is known',
    {
      inputs: [{ name: 'x', uri: 'x', columns: null, versionId: null }],
      outputs: [{ ...OUTPUT, columns: null, versionId: null, rows: null, bytes: null, columnLineage: null }],
    },
  ],
  ['with an output without columns', { outputs: [{ ...OUTPUT, columns: [], rows: 0, bytes: null, columnLineage: {} }] }],
  ['with assets in every kind of place', { outputs: PLACES.map((uri) => ({ ...OUTPUT, name: uri, uri })) }],
];

describe.each(TYPES)('an event %s', (type) => {
  it.for(TASKS)('of a task %s fits the specification, with each of its facets', ([, change]) => {
    expect(wrongsOf(runEventOf({ ...TASK, ...change, type }) as LineageEvent)).toEqual([]);
  });

  it('of a DAG run fits the specification, with each of its facets', () => {
    expect(wrongsOf(dagRunEventOf({ ...TASK, type }) as LineageEvent)).toEqual([]);
  });
});

it('every facet whose schema is kept is made', () => {
  const made = TYPES.flatMap((type) => facetsOf(runEventOf({ ...TASK, type }) as LineageEvent)).map(
    ([, { _schemaURL: url }]) => /([A-Za-z]+)\.json/.exec(url)?.[1],
  );
  const kept = readdirSync(new URL('./spec/facets', import.meta.url)).map((file) => file.replace('.json', ''));
  expect([...new Set(made)].sort()).toEqual(kept.sort());
});

describe('what is wrong is refused', () => {
  const right = JSON.stringify(runEventOf({ ...TASK, type: 'FAIL' }));
  it.for([
    ['a run without a UUID', `"runId":"${TASK.runId}"`, '"runId":"none"'],
    ['a time that is none', TASK.at, 'yesterday'],
    ['a kind that there is not', '"FAIL"', '"BROKEN"'],
    ['rows that are no number', '"rowCount":3', '"rowCount":"three"'],
    ['a column without a name', '"fields":[{"name":"a"', '"fields":[{"nam":"a"'],
    ['a source without its column', '"field":"a"', '"fild":"a"'],
    ['a facet that there is not', 'SchemaDatasetFacet.json', 'ShemaDatasetFacet.json'],
    ['a version that is not here', '/2-0-2/', '/9-0-0/'],
  ])('%s', ([, part, wrong]) => {
    expect(right).toContain(part);
    expect(wrongsOf(JSON.parse(right.replace(part as string, wrong as string)) as LineageEvent)).not.toEqual([]);
  });
});
