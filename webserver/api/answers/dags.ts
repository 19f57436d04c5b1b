/** Answers about DAGs, their parts, and backfills. */
import { z } from 'zod';
import { REPROCESS_BEHAVIORS } from '#core/backfill.ts';
import { DAG_RUN_STATES } from '#core/states.ts';
import { count, fields, instant, json, nothing, pageOf, text } from './parts.ts';
import { dagVersion } from './runs.ts';

const ofDag = {
  dag_id: text,
  dag_display_name: text,
  is_paused: z.boolean(),
  is_stale: z.boolean(),
  last_parsed_time: instant,
  last_parse_duration: z.number().nullable(),
  last_expired: nothing,
  bundle_name: text,
  bundle_version: text.nullable(),
  relative_fileloc: text,
  fileloc: text,
  description: text.nullable(),
  timetable_summary: text.nullable(),
  timetable_description: text,
  timetable_partitioned: z.boolean(),
  tags: z.array(z.strictObject({ name: text, dag_id: text, dag_display_name: text })),
  max_active_tasks: count,
  max_active_runs: count,
  max_consecutive_failed_dag_runs: count,
  has_task_concurrency_limits: z.boolean(),
  has_import_errors: z.boolean(),
  next_dagrun_logical_date: instant.nullable(),
  next_dagrun_data_interval_start: instant.nullable(),
  next_dagrun_data_interval_end: instant.nullable(),
  next_dagrun_run_after: instant.nullable(),
  allowed_run_types: z.array(text).nullable(),
  owners: z.array(text),
  file_token: text,
};
export const dag = z.strictObject(ofDag).meta({ id: 'Dag' });
export const dags = pageOf('dags', dag);

export const dagDetails = z
  .strictObject({
    ...ofDag,
    catchup: z.boolean(),
    dag_run_timeout: text.nullable().describe('ISO-8601 duration.'),
    asset_expression: json,
    doc_md: text.nullable(),
    start_date: instant.nullable(),
    end_date: instant.nullable(),
    is_paused_upon_creation: z.boolean().nullable(),
    params: z.record(text, z.strictObject({ value: json, schema: json, description: json })),
    render_template_as_native_obj: z.boolean(),
    template_search_path: nothing,
    timezone: text,
    last_parsed: instant,
    default_args: nothing,
    owner_links: z.record(text, text),
    is_favorite: z.boolean(),
    active_runs_count: count,
    concurrency: count,
    latest_dag_version: dagVersion,
  })
  .meta({ id: 'DagDetails' });

const timeDelta = z.strictObject({ __type: text, days: count, seconds: count, microseconds: count }).meta({ id: 'TimeDelta' });

export const task = z
  .strictObject({
    task_id: text,
    task_display_name: text,
    owner: text,
    start_date: instant.nullable(),
    end_date: instant.nullable(),
    trigger_rule: text,
    depends_on_past: z.boolean(),
    wait_for_downstream: z.boolean(),
    retries: count,
    queue: text,
    pool: text,
    pool_slots: count,
    execution_timeout: timeDelta.nullable(),
    retry_delay: timeDelta,
    retry_exponential_backoff: z.number().or(z.boolean()),
    priority_weight: z.number(),
    weight_rule: text,
    ui_color: text.nullable(),
    ui_fgcolor: text.nullable(),
    template_fields: z.array(text),
    downstream_task_ids: z.array(text),
    doc_md: text.nullable(),
    operator_name: text,
    params: fields,
    class_ref: z.strictObject({ module_path: text, class_name: text }),
    is_mapped: z.boolean(),
    extra_links: z.array(text),
  })
  .meta({ id: 'Task' });
export const tasks = pageOf('tasks', task);

export const dagVersions = pageOf('dag_versions', dagVersion);
export const versionDiff = z.strictObject({
  before: dagVersion,
  after: dagVersion,
  changes: z.array(
    z.strictObject({
      what: text,
      kind: z.enum(['added', 'removed', 'changed']),
      before: json.optional(),
      after: json.optional(),
      text,
    }),
  ),
  has_new_code: z.boolean(),
  has_new_source: z.boolean(),
});
export const dagSource = z.strictObject({ content: text.nullable(), dag_id: text, version_number: count, dag_display_name: text });

export const dagTags = pageOf('tags', text);
export const dagStats = pageOf(
  'dags',
  z.strictObject({
    dag_id: text,
    dag_display_name: text,
    stats: z.array(z.strictObject({ state: z.enum(DAG_RUN_STATES), count })),
  }),
);
export const dagWarnings = pageOf(
  'dag_warnings',
  z.strictObject({ dag_id: text, warning_type: text, message: text, timestamp: instant, dag_display_name: text }),
);

export const importError = z
  .strictObject({ import_error_id: count, timestamp: instant, filename: text, bundle_name: text, stack_trace: text })
  .meta({ id: 'ImportError' });
export const importErrors = pageOf('import_errors', importError);

export const backfill = z
  .strictObject({
    id: count,
    dag_id: text,
    from_date: instant,
    to_date: instant,
    dag_run_conf: json,
    is_paused: z.boolean(),
    reprocess_behavior: z.enum(REPROCESS_BEHAVIORS),
    max_active_runs: count,
    created_at: instant,
    completed_at: instant.nullable(),
    updated_at: instant,
    dag_display_name: text,
  })
  .meta({ id: 'Backfill' });
export const backfills = pageOf('backfills', backfill);
export const backfillDates = pageOf(
  'backfills',
  z.strictObject({ logical_date: instant, partition_key: text.nullable(), partition_date: instant.nullable() }),
);
