/**
 * BigQuery's REST API, as much of it as data pipelines use, over DuckDB: datasets, tables, and jobs that load from the
 * emulated storage, query and extract. A job's id is taken once: a second insert of it answers 409, as BigQuery does.
 */
import type { Clock } from '#platform/clock.ts';
import { newSecret } from '#platform/clock.ts';
import type { ObjectStore } from '../gcs/object-store.ts';
import { type EmulatedRequest, type EmulatedResponse, type Emulator, GoogleError, jsonOf, serveEmulator } from '../http-server.ts';
import { parameterValues, quoteTable, type TableRef, toDuckdb } from './sql.ts';
import type { SchemaField } from './types.ts';
import { type ExtractSettings, type LoadSettings, type Rows, Warehouse } from './warehouse.ts';

export interface BigQueryEmulator extends Emulator {
  readonly warehouse: Warehouse;
}

interface QuerySettings {
  readonly query: string;
  readonly destinationTable?: TableRef;
  readonly writeDisposition?: string;
  readonly createDisposition?: string;
  readonly queryParameters?: unknown;
}

interface JobConfiguration {
  readonly jobType?: string;
  readonly load?: LoadSettings;
  readonly query?: QuerySettings;
  readonly extract?: ExtractSettings;
}

interface Job {
  readonly id: string;
  readonly configuration: JobConfiguration;
  readonly startedAtMs: number;
  endedAtMs: number | null;
  error: { readonly reason: string; readonly message: string } | null;
  rows: Rows | null;
  outputRows: number;
  done: Promise<void>;
}

interface Call extends EmulatedRequest {
  readonly names: readonly string[];
}

const PAGE_ROWS = 10_000;

export async function startBigQueryEmulator(options: {
  readonly port: number;
  readonly clock: Clock;
  readonly objects: ObjectStore;
}): Promise<BigQueryEmulator> {
  const warehouse = await Warehouse.open(options.objects);
  const api = new BigQueryApi(warehouse, options.clock);
  const emulator = await serveEmulator(options.port, (request) => api.handle(request));
  return {
    ...emulator,
    warehouse,
    async stop() {
      await emulator.stop();
      await api.settle();
      warehouse.close();
    },
  };
}

class BigQueryApi {
  readonly #warehouse: Warehouse;
  readonly #clock: Clock;
  readonly #jobs = new Map<string, Job>();
  readonly #routes: readonly (readonly [method: string, path: RegExp, handler: (call: Call) => Promise<EmulatedResponse>])[];

  constructor(warehouse: Warehouse, clock: Clock) {
    this.#warehouse = warehouse;
    this.#clock = clock;
    const project = '^/projects/([^/]+)';
    const dataset = `${project}/datasets/([^/]+)`;
    const route = (method: string, path: string, handler: (call: Call) => Promise<EmulatedResponse>) =>
      [method, new RegExp(`${path}$`), handler] as const;
    this.#routes = [
      route('GET', `${project}/datasets`, (call) => this.#listDatasets(call)),
      route('POST', `${project}/datasets`, (call) => this.#createDataset(call)),
      route('GET', dataset, async ({ names }) => ({ body: datasetShape(names, await this.#warehouse.knownDataset(names[1] ?? '')) })),
      route('DELETE', dataset, (call) => this.#deleteDataset(call)),
      route('GET', `${dataset}/tables`, (call) => this.#listTables(call)),
      route('POST', `${dataset}/tables`, (call) => this.#createTable(call)),
      route('GET', `${dataset}/tables/([^/]+)`, async ({ names }) => ({ body: await this.#tableShape(names) })),
      route('DELETE', `${dataset}/tables/([^/]+)`, (call) => this.#deleteTable(call)),
      route('GET', `${dataset}/tables/([^/]+)/data`, (call) => this.#listRows(call)),
      route('POST', `${project}/jobs`, (call) => this.#insertJob(call)),
      route('GET', `${project}/jobs/([^/]+)`, async ({ names }) => ({ body: jobShape(names[0] ?? '', this.#job(names[1] ?? '')) })),
      route('POST', `${project}/jobs/([^/]+)/cancel`, async ({ names }) => ({
        body: { job: jobShape(names[0] ?? '', this.#job(names[1] ?? '')) },
      })),
      route('POST', `${project}/queries`, (call) => this.#query(call)),
      route('GET', `${project}/queries/([^/]+)`, (call) => this.#queryResults(call)),
    ];
  }

  async handle(request: EmulatedRequest): Promise<EmulatedResponse> {
    const path = request.path.replace('/bigquery/v2', '');
    for (const [method, pattern, handler] of this.#routes) {
      const match = method === request.method ? pattern.exec(path) : null;
      if (match !== null) return handler({ ...request, names: match.slice(1).map(decodeURIComponent) });
    }
    throw new GoogleError(501, 'notImplemented', `The emulator does not know ${request.method} ${request.path}.`);
  }

  /** Resolves when no job runs any more. */
  async settle(): Promise<void> {
    await Promise.all([...this.#jobs.values()].map((job) => job.done));
  }

  async #listDatasets({ names }: Call): Promise<EmulatedResponse> {
    const ids = await this.#warehouse.datasets();
    return { body: { kind: 'bigquery#datasetList', datasets: ids.map((id) => datasetShape(names, id)) } };
  }

  async #createDataset({ names, body }: Call): Promise<EmulatedResponse> {
    const { datasetReference } = jsonOf(body) as { datasetReference?: { datasetId?: string } };
    const id = datasetReference?.datasetId ?? '';
    if (!/^\w{1,1024}$/.test(id)) throw new GoogleError(400, 'invalid', `Invalid dataset ID "${id}".`);
    await this.#warehouse.createDataset(id);
    return { body: datasetShape(names, id) };
  }

  async #deleteDataset({ names: [, id = ''], query }: Call): Promise<EmulatedResponse> {
    await this.#warehouse.knownDataset(id);
    await this.#warehouse.deleteDataset(id, query.get('deleteContents') === 'true');
    return { status: 204 };
  }

  async #listTables({ names: [projectId = '', datasetId = ''] }: Call): Promise<EmulatedResponse> {
    const tables = await this.#warehouse.tables(await this.#warehouse.knownDataset(datasetId));
    const shapes = tables.map((tableId) => ({ kind: 'bigquery#table', type: 'TABLE', tableReference: { projectId, datasetId, tableId } }));
    return { body: { kind: 'bigquery#tableList', tables: shapes, totalItems: shapes.length } };
  }

  async #createTable({ names: [projectId = '', datasetId = ''], body }: Call): Promise<EmulatedResponse> {
    await this.#warehouse.knownDataset(datasetId);
    const { tableReference, schema } = jsonOf(body) as { tableReference?: TableRef; schema?: { fields?: SchemaField[] } };
    const tableId = tableReference?.tableId ?? '';
    await this.#warehouse.createTable({ datasetId, tableId }, schema?.fields ?? []);
    return { body: await this.#tableShape([projectId, datasetId, tableId]) };
  }

  async #deleteTable({ names: [, datasetId = '', tableId = ''] }: Call): Promise<EmulatedResponse> {
    await this.#warehouse.knownTable({ datasetId, tableId });
    await this.#warehouse.dropTable({ datasetId, tableId });
    return { status: 204 };
  }

  async #listRows({ names: [, datasetId = '', tableId = ''], query }: Call): Promise<EmulatedResponse> {
    await this.#warehouse.knownTable({ datasetId, tableId });
    const { rows } = await this.#warehouse.query(`select * from ${quoteTable({ datasetId, tableId })}`);
    return { body: { kind: 'bigquery#tableDataList', ...pageOf(rows, query) } };
  }

  async #tableShape([projectId = '', datasetId = '', tableId = '']: readonly string[]): Promise<unknown> {
    await this.#warehouse.knownTable({ datasetId, tableId });
    const table = quoteTable({ datasetId, tableId });
    const { fields } = await this.#warehouse.query(`select * from ${table} limit 0`);
    const { rows } = await this.#warehouse.query(`select count(*) from ${table}`);
    return {
      kind: 'bigquery#table',
      id: `${projectId}:${datasetId}.${tableId}`,
      tableReference: { projectId, datasetId, tableId },
      schema: { fields },
      numRows: rows[0]?.[0] ?? '0',
      type: 'TABLE',
      location: 'US',
    };
  }

  async #insertJob({ names: [projectId = ''], body }: Call): Promise<EmulatedResponse> {
    const { jobReference, configuration } = jsonOf(body) as { jobReference?: { jobId?: string }; configuration?: JobConfiguration };
    return { body: jobShape(projectId, this.#start(jobReference?.jobId ?? `job_${newSecret(12)}`, configuration ?? {})) };
  }

  /** The short way of a query: one request. */
  async #query({ names: [projectId = ''], body }: Call): Promise<EmulatedResponse> {
    const settings = jsonOf(body) as unknown as QuerySettings & { maxResults?: number };
    const job = this.#start(`job_${newSecret(12)}`, { query: settings });
    await job.done;
    if (job.error !== null) throw new GoogleError(job.error.reason === 'notFound' ? 404 : 400, job.error.reason, job.error.message);
    return {
      body: resultShape(
        projectId,
        job,
        new URLSearchParams(settings.maxResults === undefined ? {} : { maxResults: String(settings.maxResults) }),
      ),
    };
  }

  async #queryResults({ names: [projectId = '', id = ''], query }: Call): Promise<EmulatedResponse> {
    const job = this.#job(id);
    await job.done;
    if (job.error !== null) throw new GoogleError(400, job.error.reason, job.error.message);
    return { body: resultShape(projectId, job, query) };
  }

  #job(id: string): Job {
    const job = this.#jobs.get(id);
    if (job === undefined) throw new GoogleError(404, 'notFound', `Not found: Job ${id}`);
    return job;
  }

  /** Throws 409 when the id is taken. */
  #start(id: string, configuration: JobConfiguration): Job {
    if (this.#jobs.has(id)) throw new GoogleError(409, 'duplicate', `Already Exists: Job ${id}`);
    const job: Job = {
      id,
      configuration,
      startedAtMs: this.#clock.now(),
      endedAtMs: null,
      error: null,
      rows: null,
      outputRows: 0,
      done: Promise.resolve(),
    };
    this.#jobs.set(id, job);
    job.done = this.#work(job)
      .catch((error: Error) => {
        job.error = { reason: error instanceof GoogleError ? error.reason : 'internalError', message: error.message };
      })
      .then(() => {
        job.endedAtMs = this.#clock.now();
      });
    return job;
  }

  async #work(job: Job): Promise<void> {
    const { load, query, extract } = job.configuration;
    if (load !== undefined) job.outputRows = await this.#warehouse.load(load);
    else if (extract !== undefined) job.outputRows = await this.#warehouse.extract(extract);
    else if (query?.destinationTable !== undefined)
      job.outputRows = await this.#warehouse.write(
        toDuckdb(query.query),
        query.destinationTable,
        { writeDisposition: 'WRITE_EMPTY', ...query },
        parameterValues(query.queryParameters),
      );
    else if (query !== undefined) job.rows = await this.#warehouse.queryAsBigQuery(query.query, query.queryParameters);
    else throw new GoogleError(400, 'required', 'A job needs a configuration of load, query or extract.');
  }
}

function datasetShape([projectId = '']: readonly string[], datasetId: string): unknown {
  return { kind: 'bigquery#dataset', id: `${projectId}:${datasetId}`, datasetReference: { projectId, datasetId }, location: 'US' };
}

function jobShape(projectId: string, job: Job): unknown {
  const { id, configuration, startedAtMs, endedAtMs, error, outputRows } = job;
  const statistics = {
    creationTime: String(startedAtMs),
    startTime: String(startedAtMs),
    ...(endedAtMs === null ? {} : { endTime: String(endedAtMs) }),
    ...(configuration.load === undefined ? {} : { load: { outputRows: String(outputRows) } }),
    ...(configuration.query === undefined ? {} : { query: { statementType: 'SELECT' } }),
    ...(configuration.extract === undefined ? {} : { extract: { destinationUriFileCounts: [String(outputRows)] } }),
  };
  return {
    kind: 'bigquery#job',
    id: `${projectId}:US.${id}`,
    jobReference: { projectId, jobId: id, location: 'US' },
    configuration,
    status: { state: endedAtMs === null ? 'RUNNING' : 'DONE', ...(error === null ? {} : { errorResult: error, errors: [error] }) },
    statistics,
  };
}

function resultShape(projectId: string, job: Job, query: URLSearchParams): unknown {
  const { fields, rows } = job.rows ?? { fields: [], rows: [] };
  return {
    kind: 'bigquery#queryResponse',
    schema: { fields },
    jobReference: { projectId, jobId: job.id, location: 'US' },
    jobComplete: true,
    cacheHit: false,
    ...pageOf(rows, query),
  };
}

function pageOf(rows: Rows['rows'], query: URLSearchParams) {
  const start = Number(query.get('pageToken') ?? query.get('startIndex') ?? 0);
  const end = Math.min(rows.length, start + Math.min(Number(query.get('maxResults') ?? PAGE_ROWS), PAGE_ROWS));
  return {
    totalRows: String(rows.length),
    rows: rows.slice(start, end).map((row) => ({ f: row.map((v) => ({ v })) })),
    ...(end < rows.length ? { pageToken: String(end) } : {}),
  };
}
