/**
 * Holds the events of OpenLineage that Windlass sends, and each of their facets, against the official schemas: those of the folder `spec/` of a
 * checkout of OpenLineage, which is not part of this repository. `node scripts/check-open-lineage.ts ../OpenLineage/spec`
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { dagRunEventOf, type LineageTask, runEventOf } from '#core/open-lineage/run-event.ts';

interface Facet {
  readonly _schemaURL: string;
}
type Facets = Readonly<Record<string, Facet>> | undefined;
interface Event {
  readonly run: { readonly facets?: Facets };
  readonly job: { readonly facets?: Facets };
  readonly inputs: readonly { readonly facets?: Facets; readonly outputFacets?: Facets }[];
  readonly outputs: readonly { readonly facets?: Facets; readonly outputFacets?: Facets }[];
}

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('Name the folder of the specification: node scripts/check-open-lineage.ts ../OpenLineage/spec\n');
  process.exit(2);
}

const ajv = new Ajv2020({
  strict: false,
  formats: {
    uri: (text: string) => URL.canParse(text),
    'date-time': (text: string) => /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
    uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  },
});
const read = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8')) as { readonly $id: string };
const main = read('OpenLineage.json');
ajv.addSchema(main);
for (const name of readdirSync(join(folder, 'facets')).filter((file) => file.endsWith('.json'))) ajv.addSchema(read(`facets/${name}`));

const COLUMNS = [{ name: 'a', type: 'Int64', nullable: true }];
const TASK: Omit<LineageTask, 'type' | 'logicalDate'> = {
  at: '2026-11-27T01:02:03.000Z',
  runId: '01a21aba-1cb8-7509-9c5a-6bc3bbf20672',
  dagId: 'etl',
  taskId: 'load',
  dagRunId: '01a21aba-1cb8-7509-9c5a-6bc3bbf20673',
  version: '1.0.0',
  namespace: 'windlass',
  message: 'it broke',
  inputs: [{ name: 'raw', uri: 's3://lake/raw', columns: COLUMNS, versionId: 4 }],
  outputs: [
    {
      name: 'orders',
      uri: 'postgres://warehouse:5432/shop/public/orders',
      columns: COLUMNS,
      versionId: 5,
      rows: 3,
      bytes: 10,
      columnLineage: {
        a: [
          { asset: 'raw', column: 'a' },
          { asset: 'elsewhere', column: 'b' },
        ],
      },
    },
  ],
};

const events = (['START', 'COMPLETE', 'FAIL'] as const).flatMap((type) => [
  ...[null, '2026-11-27T00:00:00.000Z'].map((logicalDate) => runEventOf({ ...TASK, type, logicalDate })),
  dagRunEventOf({ ...TASK, type }),
]) as Event[];

const wrong: string[] = [];
let facets = 0;
const check = (url: string, value: unknown) => {
  const validate = ajv.getSchema(url);
  if (validate === undefined) wrong.push(`${url}: the specification has no such schema`);
  else if (!validate(value)) wrong.push(`${url}: ${ajv.errorsText(validate.errors)}`);
};
for (const event of events) {
  check(main.$id, event);
  const all = [event.run.facets, event.job.facets, ...[...event.inputs, ...event.outputs].flatMap((one) => [one.facets, one.outputFacets])];
  for (const facet of all.flatMap((some) => Object.values(some ?? {}))) {
    facets += 1;
    check(facet._schemaURL, facet);
  }
}
// A checker that takes everything says nothing.
if (ajv.validate(main.$id, { ...events[0], run: { runId: 'none' } })) wrong.push('an event without a run id is accepted');
process.stdout.write(
  `${events.length} events and ${facets} facets against ${main.$id}: ${wrong.length} wrong\n${wrong.map((one) => `  ${one}\n`).join('')}`,
);
process.exit(wrong.length === 0 ? 0 : 1);
