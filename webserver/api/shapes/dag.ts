/** DAGResponse and DAGDetailsResponse. */
import { join } from 'node:path';
import { orderedParamsSchema } from '#core/params-order.ts';
import { DAGS_FOLDER_BUNDLE } from '#platform/config/dag-bundles.ts';
import type { DagRow } from '#platform/db/queries/api/dag-row.ts';
import { iso } from '../../http/iso.ts';
import { assetExpression } from './asset.ts';
import { dagVersionShape } from './dag-version.ts';
import { scheduleWords } from './schedule-words.ts';

export interface DagShapeOptions {
  readonly dagsFolder: string;
  /** Signs a file path, for `file_token`. */
  readonly signFile: (filePath: string) => string;
}

export function dagShape(row: DagRow, options: DagShapeOptions) {
  const { head } = row;
  const schedule =
    head.assetSchedule !== undefined && head.schedule.kind === 'none'
      ? { summary: 'Asset', description: head.scheduleSummary }
      : scheduleWords(head.schedule, head.scheduleSummary);
  return {
    dag_id: row.dag_id,
    dag_display_name: head.displayName ?? row.dag_id,
    is_paused: row.is_paused,
    is_stale: row.is_stale,
    last_parsed_time: iso(row.last_parsed_at),
    last_parse_duration: row.last_parse_ms === null ? null : row.last_parse_ms / 1000,
    last_expired: null,
    bundle_name: row.bundle_name,
    bundle_version: row.bundle_version,
    relative_fileloc: row.file_path,
    fileloc: row.bundle_name === DAGS_FOLDER_BUNDLE ? join(options.dagsFolder, row.file_path) : `${row.bundle_name}:${row.file_path}`,
    description: head.description,
    timetable_summary: schedule.summary,
    timetable_description: schedule.description,
    timetable_partitioned:
      head.assetSchedule?.partition !== undefined || ('partition' in head.schedule && head.schedule.partition !== undefined),
    tags: head.tags.map((name) => ({ name, dag_id: row.dag_id, dag_display_name: head.displayName ?? row.dag_id })),
    max_active_tasks: head.maxActiveTasks,
    max_active_runs: head.maxActiveRuns,
    max_consecutive_failed_dag_runs: head.maxConsecutiveFailedDagRuns,
    has_task_concurrency_limits: row.has_task_limits,
    has_import_errors: row.has_import_errors,
    next_dagrun_logical_date: iso(row.next_logical_date),
    next_dagrun_data_interval_start: iso(row.next_interval_start),
    next_dagrun_data_interval_end: iso(row.next_interval_end),
    next_dagrun_run_after: iso(row.next_run_after),
    allowed_run_types: head.allowedRunTypes ?? null,
    owners: head.owner.split(',').map((owner) => owner.trim()),
    file_token: options.signFile(row.file_path),
  };
}

export interface DagDetailsFacts {
  readonly activeRuns: number;
  readonly isFavorite: boolean;
}

export function dagDetailsShape(row: DagRow, options: DagShapeOptions, facts: DagDetailsFacts) {
  const { head } = row;
  return {
    ...dagShape(row, options),
    catchup: head.catchup === true,
    dag_run_timeout: head.dagrunTimeoutMs === null ? null : isoDuration(head.dagrunTimeoutMs),
    asset_expression: head.assetSchedule === undefined ? null : assetExpression(head.assetSchedule.condition, head.assets ?? []),
    doc_md: head.docMd,
    start_date: utc(head.startDate),
    end_date: utc(head.endDate),
    is_paused_upon_creation: head.isPausedUponCreation,
    params: paramsShape(head.paramsDefaults, orderedParamsSchema(head)),
    render_template_as_native_obj: false,
    template_search_path: null,
    timezone: 'timezone' in head.schedule ? head.schedule.timezone : 'UTC',
    last_parsed: iso(row.last_parsed_at),
    default_args: null,
    owner_links: head.ownerLinks ?? {},
    is_favorite: facts.isFavorite,
    active_runs_count: facts.activeRuns,
    concurrency: head.maxActiveTasks,
    latest_dag_version: dagVersionShape(row),
  };
}

/** Airflow's form of params: name -> {value, schema, description}. */
function paramsShape(defaults: Readonly<Record<string, unknown>>, schema: Readonly<Record<string, unknown>> | null) {
  const properties = (schema?.['properties'] ?? {}) as Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  const names = [...new Set([...Object.keys(properties), ...Object.keys(defaults)])];
  return Object.fromEntries(
    names.map((name) => {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      return [name, { value: defaults[name] ?? null, schema: property ?? {}, description: property?.['description'] ?? null }];
    }),
  );
}

/** ISO-8601 duration, as pydantic writes a timedelta. */
export function isoDuration(milliseconds: number): string {
  return `PT${milliseconds / 1000}S`;
}

function utc(text: string | null): string | null {
  return text === null ? null : new Date(text).toISOString();
}
