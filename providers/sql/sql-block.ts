/** SQL blocks: a statement, in the DAG file or in a `.sql` file, over the frames of the tasks before it. */
import type { Ctx } from '#sdk/context.ts';
import { type Field, fields, optional } from '#sdk/fields.ts';
import { dataExporter, dataLoader, type TaskDef, type TaskOpts, transformer } from '#sdk/index.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { registeredTemplateFiles } from '#sdk/template-files.ts';
import type { FrameFile } from '../arrow/frame-file.ts';
import { saveFrame } from '../arrow/save-frame.ts';
import { openBigQuerySession } from './bigquery-session.ts';
import { openDuckdbSession } from './duckdb-session.ts';
import { openMysqlSession } from './mysql-session.ts';
import { openPostgresSession } from './postgres-session.ts';
import { frameName, type SqlSession } from './sql-engine.ts';

export interface SqlBlockOptions<Out> extends Omit<TaskOpts<Out>, 'templateFields'> {
  name: string;
  on: 'duckdb' | 'postgres' | 'mysql' | 'bigquery';
  /**
   * One statement, or the name of a `.sql` file beside the block or in the dags folder. A template: `{{ df_1 }}` is the table of the first
   * frame, `{{ ds }}`, `{{ params.x }}` and the like are as everywhere.
   */
  sql: string;
  /** duckdb: a database file; absent = in memory. bigquery: absent = google_cloud_default. */
  connection?: string;
  /** bigquery: where frames pass through, `gs://bucket/folder`. */
  staging?: string;
  /** bigquery: where the tables of frames lie; default `windlass_frames`. */
  dataset?: string;
}

export interface SqlBlockInput {
  /** What the tasks before returned: the first is `{{ df_1 }}`. */
  readonly frames?: readonly FrameFile[];
}

export interface SqlChange {
  /** As far as the database says. */
  readonly rows: number | null;
}

/** A select whose rows become a frame. */
export function sqlLoader(options: SqlBlockOptions<FrameFile>): TaskDef<SqlBlockInput, FrameFile> {
  return dataLoader({ ...blockOptions(options), run: (input, ctx) => selectInto(options, input, ctx) });
}

/** A select over frames, whose rows become a frame. */
export function sqlTransformer(options: SqlBlockOptions<FrameFile>): TaskDef<SqlBlockInput, FrameFile> {
  return transformer({ ...blockOptions(options), run: (input, ctx) => selectInto(options, input, ctx) });
}

/** A statement that changes tables: `insert into totals select * from {{ df_1 }}`. A retry runs it again. */
export function sqlExporter(options: SqlBlockOptions<SqlChange>): TaskDef<SqlBlockInput, SqlChange> {
  return dataExporter({
    ...blockOptions(options),
    run: (input, ctx) =>
      withStatement(options, input, ctx, async (session, statement) => {
        const rows = await session.run(statement);
        ctx.log.info(rows === null ? 'done' : `${rows} rows`);
        return { rows };
      }),
  });
}

const isFrame = (value: unknown) => typeof (value as FrameFile | null)?.path === 'string';
const FRAMES: Field = {
  fits: (value) => Array.isArray(value) && value.every(isFrame),
  wanted: 'a list of frames: what saveFrame or writeFrame returned',
};
const INPUT = fields<SqlBlockInput>({ frames: optional(FRAMES) });

function blockOptions<Out>({ on: _on, sql: _sql, connection: _c, staging: _s, dataset: _d, ...rest }: SqlBlockOptions<Out>) {
  return { ...rest, input: INPUT };
}

function selectInto(options: SqlBlockOptions<FrameFile>, input: SqlBlockInput, ctx: Ctx<unknown>): Promise<FrameFile> {
  return withStatement(options, input, ctx, async (session, statement) => {
    const frame = await saveFrame(ctx, await session.rows(statement));
    ctx.log.info(`${frame.rows} rows of ${frame.columns.length} columns`);
    return frame;
  });
}

/** Opens the database, brings the frames there, and renders the statement with their names. */
async function withStatement<Out, Result>(
  options: SqlBlockOptions<Out>,
  { frames = [] }: SqlBlockInput,
  ctx: Ctx<unknown>,
  use: (session: SqlSession, statement: string) => Promise<Result>,
): Promise<Result> {
  const text = statementOf(options);
  await using session = await open(options, ctx);
  const names: Record<string, string> = {};
  for (const [index, frame] of frames.entries()) names[frameName(index)] = await session.register(frameName(index), frame);
  const statement = (await ctx.template(text, names)).trim().replace(/;\s*$/, '');
  ctx.log.info(`Rendered sql: ${statement}`);
  return await use(session, statement);
}

function statementOf({ sql, name }: SqlBlockOptions<never>): string {
  if (!/^\S+\.sql$/.test(sql)) return sql;
  const text = registeredTemplateFiles().get(sql);
  if (text === undefined)
    throw new Fatal(`SQL block "${name}": there is no file ${sql}. Put it beside the file of the block, or below the dags folder.`);
  return text;
}

function open({ on, connection, staging, dataset = 'windlass_frames' }: SqlBlockOptions<never>, ctx: Ctx<unknown>): Promise<SqlSession> {
  switch (on) {
    case 'duckdb':
      return openDuckdbSession(ctx, connection);
    case 'postgres':
      return openPostgresSession(ctx, connection);
    case 'mysql':
      return openMysqlSession(ctx, connection);
    case 'bigquery':
      return openBigQuerySession(ctx, { connection, staging, dataset });
    default:
      throw new Fatal(`a SQL block runs on duckdb, postgres, mysql or bigquery, not on ${JSON.stringify(on satisfies never)}.`);
  }
}
