/** The texts of new blocks, by kind and place: a beginning that runs, with the names to be changed in it. */

export const BLOCK_COMMANDS = ['loader', 'transformer', 'exporter', 'sensor'] as const;
export type BlockCommand = (typeof BLOCK_COMMANDS)[number];

export const PLACES = ['postgres', 'bigquery', 'duckdb', 'gcs', 's3', 'http', 'csv', 'parquet'] as const;
export type Place = (typeof PLACES)[number];

export interface BlockNames {
  /** Of the block: "load_from_postgres". */
  readonly name: string;
  /** Of the constant: "loadFromPostgres". */
  readonly variable: string;
}

export interface BlockText {
  readonly code: (names: BlockNames) => string;
  /** The text of a `.sql` file beside it. */
  readonly sql?: string;
}

const SOME_ROWS = "checks: { 'some rows': (out) => out.rows > 0 || 'there are no rows' },";

/** Options of a SQL block on each database. */
const ON: Readonly<Record<'postgres' | 'bigquery' | 'duckdb', string>> = {
  postgres: "on: 'postgres',\n  connection: 'warehouse',",
  bigquery: "on: 'bigquery',\n  // Frames pass through here.\n  staging: 'gs://my-bucket/staging',",
  duckdb: "on: 'duckdb',",
};

function sqlBlock(maker: 'sqlLoader' | 'sqlTransformer' | 'sqlExporter', on: keyof typeof ON, doc: string, sql: string): BlockText {
  const checks = maker === 'sqlExporter' ? '' : `\n  ${SOME_ROWS}`;
  return {
    sql,
    code: ({ name, variable }) => `import { ${maker} } from 'windlass/providers/sql';

/** ${doc} */
export const ${variable} = ${maker}({
  name: '${name}',
  ${ON[on]}
  sql: '${name}.sql',${checks}
});
`,
  };
}

interface Written {
  readonly maker: 'dataLoader' | 'transformer' | 'dataExporter' | 'sensor';
  readonly imports: readonly string[];
  readonly doc: string;
  readonly input: string;
  /** Inputs that are templates. */
  readonly templates?: string;
  readonly body: string;
  readonly after?: string;
}

/** A block in TypeScript. `body` is the function's, indented by its own. */
function written({ maker, imports, doc, input, templates, body, after = '' }: Written): BlockText {
  const own = maker === 'sensor' ? 'notYet, sensor' : maker;
  const lines = [`import { ${own} } from 'windlass';`, ...imports, "import { z } from 'zod';"];
  return {
    code: ({ name, variable }) => `${[...nodeImports(body), ...lines].join('\n')}

/** ${doc} */
export const ${variable} = ${maker}({
  name: '${name}',
  input: z.object({ ${input} }),${templates === undefined ? '' : `\n  templateFields: [${templates}],`}${maker === 'sensor' ? "\n  every: '1m',\n  timeout: '6h'," : ''}
  ${maker === 'sensor' ? 'check' : 'run'}: async (${parametersOf(input, body)}) => {
${body}
  },${after === '' ? '' : `\n  ${after}`}
});
`,
  };
}

const NODE_IMPORTS: Readonly<Record<string, string>> = { openAsBlob: 'node:fs', stat: 'node:fs/promises', join: 'node:path' };

function nodeImports(body: string): readonly string[] {
  return Object.entries(NODE_IMPORTS).flatMap(([name, module]) =>
    body.includes(`${name}(`) ? [`import { ${name} } from '${module}';`] : [],
  );
}

function parametersOf(input: string, body: string): string {
  const names = [...input.matchAll(/(\w+):/g)].map((match) => match[1]);
  return `{ ${names.join(', ')} }${/\bctx\b/.test(body) ? ', ctx' : ''}`;
}

const FRAME = 'frame: z.custom<FrameFile>(isFrameFile)';
const ARROW = {
  save: "import { saveFrame } from 'windlass/providers/arrow';",
  read: "import { type FrameFile, isFrameFile, readFrameBatches } from 'windlass/providers/arrow';",
  both: "import { type FrameFile, filterRows, isFrameFile, readFrameBatches, saveFrame } from 'windlass/providers/arrow';",
  filter: "import { filterRows, saveFrame } from 'windlass/providers/arrow';",
} as const;
const CSV_TYPES = `{ id: 'int64', name: 'text', amount: 'float64' }`;
const READ_PARQUET = "import { readParquetBatches } from 'windlass/providers/parquet';";
const WRITE_PARQUET = "import { writeParquet } from 'windlass/providers/parquet';";
const KEPT = '{ id: (id) => id !== null }';

const CLOUDS = {
  gcs: {
    import: "import { connectGcs } from 'windlass/providers/google';",
    open: 'const bucket = await connectGcs(ctx);',
    scheme: 'gs',
    what: 'Cloud Storage',
  },
  s3: {
    import: "import { connectS3 } from 'windlass/providers/amazon';",
    open: 'await using bucket = await connectS3(ctx);',
    scheme: 's3',
    what: 'S3',
  },
} as const;

function loader(imports: readonly string[], doc: string, input: string, body: string): BlockText {
  return written({ maker: 'dataLoader', imports, doc, input, templates: quotedNames(input), body, after: SOME_ROWS });
}

function quotedNames(input: string): string {
  return [...input.matchAll(/(\w+): z\.(?:string|url)/g)].map((match) => `'${match[1]}'`).join(', ');
}

function cloudLoader(cloud: keyof typeof CLOUDS): BlockText {
  const { import: own, open, what, scheme } = CLOUDS[cloud];
  const imports = cloud === 's3' ? [own, ARROW.save, READ_PARQUET] : [ARROW.save, own, READ_PARQUET];
  const body = `    ${open}
    const path = join(ctx.scratch, \`\${ctx.task.id}.parquet\`);
    await bucket.download(uri, path);
    return saveFrame(ctx, readParquetBatches(path));`;
  return loader(imports, `A Parquet file of ${what}, such as ${scheme}://my-bucket/trips.parquet, as a frame.`, 'uri: z.string()', body);
}

function cloudTransformer(cloud: keyof typeof CLOUDS): BlockText {
  const { import: own, open, what } = CLOUDS[cloud];
  const imports = cloud === 's3' ? [own, ARROW.filter, READ_PARQUET] : [ARROW.filter, own, READ_PARQUET];
  return written({
    maker: 'transformer',
    imports,
    doc: `Rows of a Parquet file of ${what} that are worth keeping.`,
    input: 'uri: z.string()',
    templates: "'uri'",
    body: `    ${open}
    const path = join(ctx.scratch, \`\${ctx.task.id}.parquet\`);
    await bucket.download(uri, path);
    return saveFrame(ctx, filterRows(readParquetBatches(path), ${KEPT}));`,
    after: SOME_ROWS,
  });
}

function cloudExporter(cloud: keyof typeof CLOUDS): BlockText {
  const { import: own, open, what } = CLOUDS[cloud];
  const imports = cloud === 's3' ? [own, ARROW.read, WRITE_PARQUET] : [ARROW.read, own, WRITE_PARQUET];
  return written({
    maker: 'dataExporter',
    imports,
    doc: `A frame as one Parquet file in ${what}; running it again replaces the file.`,
    input: `${FRAME}, uri: z.string()`,
    templates: "'uri'",
    body: `    const { path, rows } = await writeParquet(join(ctx.scratch, \`\${ctx.task.id}.parquet\`), readFrameBatches(frame));
    ${open}
    const object = await bucket.upload(path, uri);
    ctx.log.info(\`\${rows} rows in \${object.uri}\`);
    return { uri: object.uri, rows };`,
  });
}

function cloudSensor(cloud: keyof typeof CLOUDS): BlockText {
  const { import: own, open, what } = CLOUDS[cloud];
  const body = `    ${open}
    return (await bucket.find(uri)) ?? notYet({ note: \`\${uri} is not there yet\` });`;
  return written({
    maker: 'sensor',
    imports: [own],
    doc: `Until an object is in ${what}.`,
    input: 'uri: z.string()',
    templates: "'uri'",
    body,
  });
}

function fileExporter(format: 'csv' | 'parquet'): BlockText {
  const [maker, from] = format === 'csv' ? ['writeCsv', 'csv'] : ['writeParquet', 'parquet'];
  return written({
    maker: 'dataExporter',
    imports: [ARROW.read, `import { ${maker} } from 'windlass/providers/${from}';`],
    doc: `A frame as a ${format === 'csv' ? 'CSV' : 'Parquet'} file on the worker; it appears when it is whole.`,
    input: `${FRAME}, path: z.string()`,
    templates: "'path'",
    body: `    const ${format === 'csv' ? 'rows' : '{ rows }'} = await ${maker}(path, readFrameBatches(frame));
    ctx.log.info(\`\${rows} rows in \${path}\`);
    return { path, rows };`,
  });
}

function fileTransformer(format: 'csv' | 'parquet'): BlockText {
  const read = format === 'csv' ? `readCsvBatches(path, { types: ${CSV_TYPES} })` : 'readParquetBatches(path)';
  const from = format === 'csv' ? "import { readCsvBatches } from 'windlass/providers/csv';" : READ_PARQUET;
  return written({
    maker: 'transformer',
    imports: [ARROW.filter, from],
    doc: `Rows of a ${format === 'csv' ? 'CSV' : 'Parquet'} file that are worth keeping.`,
    input: 'path: z.string()',
    templates: "'path'",
    body: `    const rows = ${read};
    return saveFrame(ctx, filterRows(rows, ${KEPT}));`,
    after: SOME_ROWS,
  });
}

function fileSensor(ending: string): BlockText {
  const body = `    const found = await stat(path).catch(() => null);
    return found === null ? notYet({ note: \`\${path} is not there yet\` }) : { path, bytes: found.size };`;
  return written({
    maker: 'sensor',
    imports: [],
    doc: `Until there is a ${ending} file on the worker.`,
    input: 'path: z.string()',
    templates: "'path'",
    body,
  });
}

function tableSensor(place: 'postgres' | 'bigquery' | 'duckdb'): BlockText {
  const [from, open] = {
    postgres: ['postgres', "await using database = await connectPostgres(ctx, 'warehouse');"],
    bigquery: ['google', 'const database = await connectBigQuery(ctx);'],
    duckdb: ['duckdb', "await using database = await connectDuckdb(ctx, 'lake');"],
  }[place] as [string, string];
  const connect = /connect\w+/.exec(open)?.[0];
  return written({
    maker: 'sensor',
    imports: [`import { ${connect} } from 'windlass/providers/${from}';`],
    doc: 'Until a select gives a row; the row is the result.',
    input: 'sql: z.string()',
    templates: "'sql'",
    body: `    ${open}
    const [row] = await database.query(sql);
    return row ?? notYet({ note: 'there is no row yet' });`,
  });
}

const INSERT = 'insert into totals\nselect * from {{ df_1 }}\n';
const CREATE = 'create or replace table my_dataset.totals as\nselect * from {{ df_1 }}\n';
const COUNT = 'select count(*) as n\nfrom {{ df_1 }}\n';

export const BLOCK_TEXTS: Readonly<Record<BlockCommand, Readonly<Record<Place, BlockText>>>> = {
  loader: {
    postgres: sqlBlock('sqlLoader', 'postgres', 'Rows of the connection `warehouse` as a frame.', 'select *\nfrom orders\n'),
    bigquery: sqlBlock('sqlLoader', 'bigquery', 'Rows of BigQuery as a frame.', 'select *\nfrom my_dataset.orders\n'),
    duckdb: sqlBlock('sqlLoader', 'duckdb', 'Rows that DuckDB reads from files, as a frame.', "select *\nfrom '/data/orders.parquet'\n"),
    gcs: cloudLoader('gcs'),
    s3: cloudLoader('s3'),
    http: loader(
      [ARROW.save, "import { readCsvBatches } from 'windlass/providers/csv';", "import { downloadFile } from 'windlass/providers/files';"],
      'A CSV file, gzipped or not, from a server.',
      'url: z.string()',
      `    const { path } = await downloadFile(url, join(ctx.scratch, \`\${ctx.task.id}.csv\`), { signal: ctx.signal });
    return saveFrame(ctx, readCsvBatches(path, { types: ${CSV_TYPES} }));`,
    ),
    csv: loader(
      [ARROW.save, "import { readCsvBatches } from 'windlass/providers/csv';"],
      'A CSV file as a frame. `inferCsvTypes` proposes the types of yours.',
      'path: z.string()',
      `    return saveFrame(ctx, readCsvBatches(path, { types: ${CSV_TYPES} }));`,
    ),
    parquet: loader(
      [ARROW.save, READ_PARQUET],
      'A Parquet file as a frame.',
      'path: z.string()',
      '    return saveFrame(ctx, readParquetBatches(path));',
    ),
  },
  transformer: {
    postgres: sqlBlock('sqlTransformer', 'postgres', 'SQL over frames, in the connection `warehouse`.', COUNT),
    bigquery: sqlBlock('sqlTransformer', 'bigquery', 'SQL over frames, in BigQuery.', COUNT),
    duckdb: sqlBlock('sqlTransformer', 'duckdb', "SQL over frames, inside the task's process.", COUNT),
    gcs: cloudTransformer('gcs'),
    s3: cloudTransformer('s3'),
    http: written({
      maker: 'transformer',
      imports: [ARROW.both],
      doc: 'Rows whose id a server knows.',
      input: `${FRAME}, url: z.string()`,
      templates: "'url'",
      body: `    const response = await fetch(url, { signal: ctx.signal });
    if (!response.ok) throw new Error(\`\${url} answered \${response.status}\`);
    const known = new Set((await response.json()) as number[]);
    return saveFrame(ctx, filterRows(readFrameBatches(frame), { id: (id) => known.has(Number(id)) }));`,
      after: SOME_ROWS,
    }),
    csv: fileTransformer('csv'),
    parquet: fileTransformer('parquet'),
  },
  exporter: {
    postgres: written({
      maker: 'dataExporter',
      imports: [ARROW.read, "import { connectPostgres } from 'windlass/providers/postgres';"],
      doc: 'A frame into a table of the connection `warehouse`: all of it, or the table as it was.',
      input: `${FRAME}, table: z.string()`,
      templates: "'table'",
      body: `    await using warehouse = await connectPostgres(ctx, 'warehouse');
    const { rows } = await warehouse.loadTable({ table, frame: readFrameBatches(frame), ifExists: 'replace' });
    ctx.log.info(\`\${rows} rows in \${table}\`);
    return { table, rows };`,
    }),
    bigquery: sqlBlock('sqlExporter', 'bigquery', 'A frame into a table of BigQuery.', CREATE),
    duckdb: {
      ...sqlBlock('sqlExporter', 'duckdb', 'A frame into a table of the DuckDB file of the connection `lake`.', INSERT),
      code: duckdbExporter,
    },
    gcs: cloudExporter('gcs'),
    s3: cloudExporter('s3'),
    http: written({
      maker: 'dataExporter',
      imports: [ARROW.read, "import { writeNdjson } from 'windlass/providers/ndjson';"],
      doc: 'A frame to a server, as NDJSON. The key lets the server know a retry.',
      input: `${FRAME}, url: z.string()`,
      templates: "'url'",
      body: `    const path = join(ctx.scratch, \`\${ctx.task.id}.ndjson\`);
    const rows = await writeNdjson(path, readFrameBatches(frame));
    const headers = { 'content-type': 'application/x-ndjson', 'idempotency-key': ctx.idempotencyKey };
    const response = await fetch(url, { method: 'POST', headers, body: await openAsBlob(path), signal: ctx.signal });
    if (!response.ok) throw new Error(\`\${url} answered \${response.status}\`);
    return { url, rows };`,
    }),
    csv: fileExporter('csv'),
    parquet: fileExporter('parquet'),
  },
  sensor: {
    postgres: tableSensor('postgres'),
    bigquery: tableSensor('bigquery'),
    duckdb: tableSensor('duckdb'),
    gcs: cloudSensor('gcs'),
    s3: cloudSensor('s3'),
    http: written({
      maker: 'sensor',
      imports: [],
      doc: 'Until a server answers 2xx; its JSON is the result.',
      input: 'url: z.string()',
      templates: "'url'",
      body: `    const response = await fetch(url, { signal: ctx.signal });
    return response.ok ? ((await response.json()) as unknown) : notYet({ note: \`\${url} answered \${response.status}\` });`,
    }),
    csv: fileSensor('CSV'),
    parquet: fileSensor('Parquet'),
  },
};

function duckdbExporter({ name, variable }: BlockNames): string {
  return `import { sqlExporter } from 'windlass/providers/sql';

/** A frame into a table of the DuckDB file of the connection \`lake\`. */
export const ${variable} = sqlExporter({
  name: '${name}',
  on: 'duckdb',
  connection: 'lake',
  sql: '${name}.sql',
});
`;
}
