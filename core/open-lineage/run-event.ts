/** Events of OpenLineage (openlineage.io, specification 2-0-2), made of what the catalogue knows. Pure. */
import { type AssetColumn, type ColumnSource, isFrame } from '../assets/asset-version.ts';
import { type DatasetName, datasetNameOf } from './dataset-name.ts';

export type LineageEventType = 'START' | 'COMPLETE' | 'FAIL';

export interface LineageDataset {
  readonly name: string;
  readonly uri: string;
  readonly columns: readonly AssetColumn[] | null;
  /** Null for one that is not a version, or not known. */
  readonly versionId: number | null;
}

export interface LineageOutput extends LineageDataset {
  readonly rows: number | null;
  readonly bytes: number | null;
  readonly columnLineage: Readonly<Record<string, readonly ColumnSource[]>> | null;
}

export interface LineageTask {
  readonly type: LineageEventType;
  /** ISO-8601. */
  readonly at: string;
  /** Of the try; a UUID. */
  readonly runId: string;
  readonly dagId: string;
  readonly taskId: string;
  readonly dagRunId: string;
  /** Of Windlass. */
  readonly version: string;
  readonly logicalDate: string | null;
  /** Of the namespace of jobs. */
  readonly namespace: string;
  /** FAIL: why. */
  readonly message: string | null;
  readonly inputs: readonly LineageDataset[];
  readonly outputs: readonly LineageOutput[];
}

const PRODUCER = 'urn:windlass';
const SPEC = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';

const facet = (name: string, version: string, content: object) => ({
  _producer: PRODUCER,
  _schemaURL: `https://openlineage.io/spec/facets/${version}/${name}.json#/$defs/${name}`,
  ...content,
});

/** The event of one task instance. */
export function runEventOf(task: LineageTask): object {
  const { namespace } = task;
  return {
    eventType: task.type,
    eventTime: task.at,
    producer: PRODUCER,
    schemaURL: SPEC,
    run: {
      runId: task.runId,
      facets: {
        parent: facet('ParentRunFacet', '1-2-0', { run: { runId: task.dagRunId }, job: { namespace, name: task.dagId } }),
        processing_engine: facet('ProcessingEngineRunFacet', '1-1-1', { version: task.version, name: 'Windlass' }),
        ...(task.logicalDate !== null && { nominalTime: facet('NominalTimeRunFacet', '1-0-1', { nominalStartTime: task.logicalDate }) }),
        ...(task.type === 'FAIL' && {
          errorMessage: facet('ErrorMessageRunFacet', '1-0-1', {
            message: task.message ?? 'the task failed',
            programmingLanguage: 'TypeScript',
          }),
        }),
      },
    },
    job: {
      namespace,
      name: `${task.dagId}.${task.taskId}`,
      facets: { jobType: facet('JobTypeJobFacet', '2-0-4', { processingType: 'BATCH', integration: 'WINDLASS', jobType: 'TASK' }) },
    },
    inputs: task.inputs.map((input) => ({ ...datasetNameOf(input, namespace), facets: facetsOf(input) })),
    outputs: task.outputs.map((output) => outputOf(output, task)),
  };
}

/** The event of a DAG run: the parent of its tasks' runs. */
export function dagRunEventOf(run: Pick<LineageTask, 'type' | 'at' | 'runId' | 'dagId' | 'namespace'>): object {
  return {
    eventType: run.type,
    eventTime: run.at,
    producer: PRODUCER,
    schemaURL: SPEC,
    run: { runId: run.runId, facets: {} },
    job: {
      namespace: run.namespace,
      name: run.dagId,
      facets: { jobType: facet('JobTypeJobFacet', '2-0-4', { processingType: 'BATCH', integration: 'WINDLASS', jobType: 'DAG' }) },
    },
    inputs: [],
    outputs: [],
  };
}

function outputOf(output: LineageOutput, { inputs, namespace }: LineageTask): object {
  const { rows, bytes, columnLineage } = output;
  return {
    ...datasetNameOf(output, namespace),
    facets: {
      ...facetsOf(output),
      ...(columnLineage !== null && {
        columnLineage: facet('ColumnLineageDatasetFacet', '1-2-0', { fields: lineageFields(columnLineage, inputs, namespace) }),
      }),
    },
    ...(rows !== null && {
      outputFacets: {
        outputStatistics: facet('OutputStatisticsOutputDatasetFacet', '1-0-2', { rowCount: rows, ...(bytes !== null && { size: bytes }) }),
      },
    }),
  };
}

function facetsOf({ columns, versionId }: LineageDataset): object {
  return {
    ...(columns !== null && {
      schema: facet('SchemaDatasetFacet', '1-2-0', { fields: columns.map(({ name, type }) => ({ name, type })) }),
    }),
    ...(versionId !== null && { version: facet('DatasetVersionDatasetFacet', '1-0-1', { datasetVersion: String(versionId) }) }),
  };
}

function lineageFields(
  lineage: Readonly<Record<string, readonly ColumnSource[]>>,
  inputs: readonly LineageDataset[],
  namespace: string,
): Readonly<Record<string, object>> {
  const nameOf = (asset: string): DatasetName => {
    const known = inputs.find((input) => input.name === asset || input.uri === asset);
    return datasetNameOf(known ?? { name: asset, uri: asset }, namespace);
  };
  const fields = Object.entries(lineage).flatMap(([column, sources]) => {
    // A frame is no dataset: of such a column it is not known.
    if (sources.some(({ asset }) => isFrame(asset))) return [];
    return [[column, { inputFields: sources.map((source) => ({ ...nameOf(source.asset), field: source.column })) }] as const];
  });
  return Object.fromEntries(fields);
}
