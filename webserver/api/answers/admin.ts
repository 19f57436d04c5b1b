/** Answers about pools, variables, connections, and what the instance is made of. */
import { z } from 'zod';
import { ROLES } from '#platform/auth/roles.ts';
import { count, instant, nothing, pageOf, text } from './parts.ts';

export const pool = z
  .strictObject({
    name: text,
    slots: count,
    description: text.nullable(),
    include_deferred: z.boolean(),
    occupied_slots: count,
    running_slots: count,
    queued_slots: count,
    scheduled_slots: count,
    open_slots: count,
    deferred_slots: count,
    team_name: nothing,
  })
  .meta({ id: 'Pool' });
export const pools = pageOf('pools', pool);

export const connectionFinding = z
  .strictObject({ status: z.boolean(), message: text.describe('What answered, or what is wrong and what to do.') })
  .meta({ id: 'ConnectionFinding' });

export const variable = z
  .strictObject({ key: text, value: text, description: text.nullable(), is_encrypted: z.boolean(), team_name: nothing })
  .meta({ id: 'Variable' });
export const variables = pageOf('variables', variable);

export const connection = z
  .strictObject({
    connection_id: text,
    conn_type: text,
    description: text.nullable(),
    host: text.nullable(),
    login: text.nullable(),
    schema: text.nullable(),
    port: count.nullable(),
    password: text.nullable().describe('*** when there is one.'),
    extra: text.nullable(),
    team_name: nothing,
  })
  .meta({ id: 'Connection' });
export const connections = pageOf('connections', connection);

export const eventLog = z
  .strictObject({
    event_log_id: count,
    when: instant,
    dag_id: text.nullable(),
    task_id: text.nullable(),
    run_id: text.nullable(),
    map_index: count.nullable(),
    try_number: nothing,
    event: text,
    logical_date: nothing,
    owner: text.nullable(),
    extra: text.nullable(),
    dag_display_name: text.nullable(),
    task_display_name: text.nullable(),
  })
  .meta({ id: 'EventLog' });
export const eventLogs = pageOf('event_logs', eventLog);

export const jobs = pageOf(
  'jobs',
  z.strictObject({
    id: count,
    dag_id: nothing,
    state: text,
    job_type: text,
    start_date: instant,
    end_date: instant.nullable(),
    latest_heartbeat: instant,
    executor_class: nothing,
    hostname: text,
    unixname: nothing,
    dag_display_name: nothing,
  }),
);

const names = z.array(text);
export const plugins = pageOf(
  'plugins',
  z.strictObject({
    name: text,
    macros: names,
    flask_blueprints: names,
    fastapi_apps: names,
    fastapi_root_middlewares: names,
    external_views: z.array(z.strictObject({ name: text, href: text, destination: z.enum(['nav', 'dag', 'dag_run', 'task_instance']) })),
    react_apps: names,
    appbuilder_views: names,
    appbuilder_menu_items: names,
    global_operator_extra_links: names,
    operator_extra_links: names,
    source: text,
    listeners: names,
    timetables: names,
  }),
);
export const pluginErrors = pageOf('import_errors', z.strictObject({ source: text, error: text }));

const status = z.enum(['healthy', 'unhealthy']);
export const health = z.strictObject({
  metadatabase: z.strictObject({ status }),
  scheduler: z.strictObject({ status, latest_scheduler_heartbeat: instant.nullable() }),
  triggerer: z.strictObject({ status: status.nullable(), latest_triggerer_heartbeat: instant.nullable() }),
  dag_processor: z.strictObject({ status: status.nullable(), latest_dag_processor_heartbeat: instant.nullable() }),
});
export const version = z.strictObject({ version: text, git_version: nothing });

export const webhookCall = z.strictObject({ dag_id: text, dag_run_id: text, state: text, is_new: z.boolean() });
export const sentEvent = z.strictObject({ event_id: count.or(text), name: text, received_at: instant });
export const token = z.strictObject({ access_token: text });
export const session = z.strictObject({ username: text, role: z.enum(ROLES) });
