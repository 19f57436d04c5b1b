/** Holds an event of OpenLineage, and each of its facets, against the official schemas. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';

const FOLDER = fileURLToPath(new URL('../core/open-lineage/spec/', import.meta.url));

export interface Facet {
  readonly _schemaURL: string;
}
type Facets = Readonly<Record<string, Facet>>;
interface Dataset {
  readonly facets?: Facets;
  readonly outputFacets?: Facets;
}
export interface LineageEvent {
  readonly eventType: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets?: Facets };
  readonly job: { readonly name: string; readonly facets?: Facets };
  readonly inputs: readonly Dataset[];
  readonly outputs: readonly Dataset[];
}

const read = (path: string) => JSON.parse(readFileSync(`${FOLDER}${path}`, 'utf8')) as { readonly $id: string };
const ajv = new Ajv2020({
  strict: false,
  allErrors: true,
  formats: {
    uri: (text: string) => URL.canParse(text),
    'date-time': (text: string) => /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
    uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  },
});
const main = read('OpenLineage.json');
ajv.addSchema(main);
for (const name of readdirSync(`${FOLDER}facets`)) ajv.addSchema(read(`facets/${name}`));

/** Facet by its name, of the event's run, job and datasets. */
export function facetsOf(event: LineageEvent): readonly (readonly [string, Facet])[] {
  const datasets = [...event.inputs, ...event.outputs];
  return [event.run.facets, event.job.facets, ...datasets.flatMap((one) => [one.facets, one.outputFacets])].flatMap((some) =>
    Object.entries(some ?? {}),
  );
}

/** What is wrong with it, in words; empty when it is right. */
export function wrongsOf(event: LineageEvent): readonly string[] {
  const against = (url: string, value: unknown): readonly string[] => {
    const validate = ajv.getSchema(url);
    if (validate === undefined) return [`${url}: the specification has no such schema`];
    return validate(value) ? [] : [`${url}: ${ajv.errorsText(validate.errors)}`];
  };
  return [
    ...(event.schemaURL.startsWith(main.$id) ? [] : [`${event.schemaURL} is not the version that is here: ${main.$id}`]),
    ...against(main.$id, event),
    ...facetsOf(event).flatMap(([, facet]) => against(facet._schemaURL, facet)),
  ];
}
