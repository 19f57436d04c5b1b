/** Answers about runs and task instances. */
import { z } from 'zod';
import { CALLBACK_KINDS, CALLBACK_STATES } from '#core/callbacks.ts';
import { DAG_RUN_STATES, TASK_INSTANCE_STATES } from '#core/states.ts';
import { count, fields, instant, json, nothing, pageOf, text } from './parts.ts';

export const dagVersion = z
  .strictObject({
    id: text,
    version_number: count,
    dag_id: text,
    bundle_name: text,
    bundle_version: text.nullable(),
    created_at: instant,
    dag_display_name: text,
    bundle_url: text.nullable(),
  })
  .meta({ id: 'DagVersion' });

export const dagRun = z
  .strictObject({
    dag_run_id: text,
    dag_id: text,
    logical_date: instant.nullable(),
    queued_at: instant.nullable(),
    start_date: instant.nullable(),
    end_date: instant.nullable(),
    duration: z.number().nullable(),
    data_interval_start: instant.nullable(),
    data_interval_end: instant.nullable(),
    run_after: instant,
    last_scheduling_decision: nothing,
    run_type: text,
    state: z.enum(DAG_RUN_STATES),
    triggered_by: text,
    triggering_user_name: text.nullable(),
    conf: json,
    note: text.nullable(),
    dag_versions: z.array(dagVersion),
    bundle_version: text.nullable(),
    dag_display_name: text,
    partition_key: text.nullable(),
  })
  .meta({ id: 'DagRun' });
export const dagRuns = pageOf('dag_runs', dagRun);

const API_STATES = TASK_INSTANCE_STATES.filter((state) => state !== 'none');
const apiState = z.enum(API_STATES).nullable().describe('Null: nothing was decided of it yet.');

const ofEveryTry = {
  task_id: text,
  dag_id: text,
  dag_run_id: text,
  map_index: count,
  max_tries: count,
  task_display_name: text,
  dag_display_name: text,
  pool: text,
  pool_slots: count,
  queue: text,
  priority_weight: count,
  operator: text,
  operator_name: text,
  executor: nothing,
  executor_config: text,
  dag_version: dagVersion,
  unixname: nothing,
  start_date: instant.nullable(),
  end_date: instant.nullable(),
  duration: z.number().nullable(),
  state: apiState,
  try_number: count,
  hostname: text.nullable(),
  queued_when: instant.nullable(),
  scheduled_when: instant.nullable(),
  pid: count.nullable(),
};

export const taskInstance = z
  .strictObject({
    id: text,
    ...ofEveryTry,
    logical_date: instant.nullable(),
    run_after: instant,
    note: text.nullable(),
    rendered_map_index: text.nullable(),
    rendered_fields: fields,
    trigger: nothing,
    triggerer_job: nothing,
  })
  .meta({ id: 'TaskInstance' });
export const taskInstances = pageOf('task_instances', taskInstance);

export const taskTry = z.strictObject(ofEveryTry).meta({ id: 'TaskInstanceTry' });
export const taskTries = pageOf('task_instances', taskTry);

export const waitingInstances = z.strictObject({
  task_instances: z.array(
    z.strictObject({ task_id: text, map_index: count, state: apiState, reason: text.nullable(), why: z.array(text).or(text) }),
  ),
});

const bulkAction = z.strictObject({
  success: z.array(text),
  errors: z.array(z.strictObject({ error: text, status_code: count })),
});
export const bulkResult = z
  .strictObject({ create: bulkAction.nullable(), update: bulkAction.nullable(), delete: bulkAction.nullable() })
  .meta({ id: 'BulkResult' });

export const taskLog = z.strictObject({
  content: z.array(
    z
      .looseObject({ timestamp: instant.optional(), event: text, level: text, source: text })
      .describe('A line; the fields that the task gave come after these.'),
  ),
  continuation_token: text.nullable(),
});

const xcomKeys = {
  key: text,
  timestamp: instant,
  logical_date: instant.nullable(),
  map_index: count,
  task_id: text,
  dag_id: text,
  run_id: text,
  dag_display_name: text,
  task_display_name: text,
  run_after: instant,
};
export const xcomHead = z.strictObject(xcomKeys).meta({ id: 'XComHead' });
export const xcoms = pageOf('xcom_entries', xcomHead);
export const xcom = z.strictObject({ ...xcomKeys, value: json }).meta({ id: 'XCom' });

export const extraLinks = z.strictObject({ extra_links: z.record(text, text.nullable()), total_entries: count });

export const callbacks = pageOf(
  'callbacks',
  z.strictObject({
    id: text,
    dag_id: text,
    dag_run_id: text,
    task_id: text.nullable(),
    map_index: count,
    deadline: text.nullable(),
    kind: z.enum(CALLBACK_KINDS),
    name: text,
    reason: text,
    message: text.nullable(),
    try_number: count,
    state: z.enum(CALLBACK_STATES),
    tries: count,
    next_try_at: instant.nullable(),
    error: z.strictObject({ name: text, message: text }).nullable(),
    created_at: instant,
    started_at: instant.nullable(),
    ended_at: instant.nullable(),
  }),
);

export const deadlines = pageOf(
  'deadlines',
  z.strictObject({
    id: text,
    dag_id: text,
    dag_run_id: text,
    name: text,
    due_at: instant,
    status: text,
    missed: z.boolean(),
    missed_at: instant.nullable(),
    callbacks: z.array(text),
  }),
);

const user = z.strictObject({ id: text, name: text });
const question = {
  options: z.array(text),
  subject: text,
  body: text.nullable(),
  defaults: z.array(text).nullable(),
  multiple: z.boolean(),
  params: fields,
  assigned_users: z.array(user),
  created_at: instant,
  responded_by_user: user.nullable(),
  responded_at: instant.nullable(),
  chosen_options: z.array(text).nullable(),
  params_input: fields,
  response_received: z.boolean(),
};
export const hitlDetail = z.strictObject({ ...question, task_instance: taskInstance }).meta({ id: 'HITLDetail' });
export const hitlDetails = pageOf('hitl_details', hitlDetail);
export const hitlTry = z.strictObject({ ...question, task_instance: taskTry }).meta({ id: 'HITLDetailTry' });
export const hitlAnswer = z.strictObject({
  responded_by: user,
  responded_at: instant,
  chosen_options: z.array(text),
  params_input: fields,
});
