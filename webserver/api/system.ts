/** What the instance is made of: event logs, processes (jobs), plugins. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import { listAuditRows, type StoredAuditRow } from '#platform/db/queries/api/list-audit-rows.ts';
import { listPlugins, type PluginRow } from '#platform/db/queries/api/list-plugins.ts';
import { listServices } from '#platform/db/queries/api/list-services.ts';
import { iso } from '../http/iso.ts';
import {
  anyInteger,
  anyOf,
  exactly,
  flag,
  ignored,
  instant,
  instantRange,
  integer,
  listQuery,
  noneOf,
  pattern,
} from '../http/list-query-schema.ts';
import { type Route, route } from '../http/route.ts';
import * as adminAnswers from './answers/admin.ts';

const EVENT_LOG_ORDER = {
  fields: {
    id: 'audit_id',
    event_log_id: 'audit_id',
    dttm: 'at',
    when: 'at',
    dag_id: 'dag_id',
    task_id: 'task_id',
    run_id: 'run_id',
    event: 'action',
    owner: 'actor',
    extra: 'extra',
  },
  default: ['id'],
};

const EVENT_LOG_FILTERS = {
  dag_id: exactly('dag_id'),
  task_id: exactly('task_id'),
  run_id: exactly('run_id'),
  map_index: anyInteger('map_index'),
  try_number: ignored,
  owner: exactly('actor'),
  event: exactly('action'),
  excluded_events: noneOf('action'),
  included_events: anyOf('action'),
  before: { schema: instant, toFilters: (value: unknown) => [{ field: 'at', operator: 'lte' as const, value }] },
  after: { schema: instant, toFilters: (value: unknown) => [{ field: 'at', operator: 'gte' as const, value }] },
  dag_id_pattern: pattern('dag_id'),
  task_id_pattern: pattern('task_id'),
  run_id_pattern: pattern('run_id'),
  owner_pattern: pattern('actor'),
  event_pattern: pattern('action'),
};

const JOB_ORDER = {
  fields: {
    id: 'number',
    state: 'state',
    job_type: 'kind',
    start_date: 'started_at',
    end_date: 'stopped_at',
    latest_heartbeat: 'last_heartbeat_at',
    hostname: 'hostname',
  },
  default: ['id'],
};

export const systemRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/v2/eventLogs',
    permission: 'op',
    summary: 'Who did what.',
    response: adminAnswers.eventLogs,
    query: listQuery(EVENT_LOG_FILTERS, EVENT_LOG_ORDER),
    async handle({ db, query }) {
      const page = await listAuditRows(db, query);
      return { event_logs: page.rows.map(eventLogShape), total_entries: page.total };
    },
  }),
  route({
    method: 'GET',
    url: '/api/v2/eventLogs/:event_log_id',
    permission: 'op',
    summary: 'One event log.',
    response: adminAnswers.eventLog,
    params: z.object({ event_log_id: integer }),
    async handle({ db, params }) {
      const filters = [{ field: 'audit_id', operator: 'eq' as const, value: params.event_log_id }];
      const row = (await listAuditRows(db, { filters, orderBy: [], limit: 1, offset: 0 })).rows[0];
      if (row === undefined) throw new AppError('NOT_FOUND', `The Event Log with id: \`${params.event_log_id}\` not found`);
      return eventLogShape(row);
    },
  }),
  route({
    method: 'GET',
    url: '/api/v2/jobs',
    permission: 'viewer',
    summary: 'The long-lived processes.',
    response: adminAnswers.jobs,
    query: listQuery(
      {
        is_alive: flag('is_alive'),
        job_state: exactly('state'),
        job_type: exactly('kind'),
        hostname: exactly('hostname'),
        executor_class: ignored,
        ...instantRange('start_date', 'started_at'),
        ...instantRange('end_date', 'stopped_at'),
      },
      JOB_ORDER,
    ),
    async handle({ db, query }) {
      const page = await listServices(db, query);
      const jobs = page.rows.map((row) => ({
        id: row.number,
        dag_id: null,
        state: row.state,
        job_type: row.kind,
        start_date: iso(row.started_at),
        end_date: iso(row.stopped_at),
        latest_heartbeat: iso(row.last_heartbeat_at),
        executor_class: null,
        hostname: row.hostname,
        unixname: null,
        dag_display_name: null,
      }));
      return { jobs, total_entries: page.total };
    },
  }),
  route({
    method: 'GET',
    url: '/api/v2/plugins',
    permission: 'viewer',
    summary: 'The plugins that are loaded.',
    response: adminAnswers.plugins,
    query: listQuery({}, { fields: { name: 'name' }, default: ['name'] }),
    async handle({ db, query }) {
      const page = await listPlugins(db, { ...query, filters: [{ field: 'is_broken', operator: 'eq', value: false }] });
      return { plugins: page.rows.map(pluginShape), total_entries: page.total };
    },
  }),
  route({
    method: 'GET',
    url: '/api/v2/plugins/importErrors',
    permission: 'viewer',
    summary: 'The plugins that do not load, and those that fail while they run.',
    response: adminAnswers.pluginErrors,
    async handle({ db }) {
      const failing = [{ field: 'is_failing', operator: 'eq' as const, value: true }];
      const page = await listPlugins(db, { filters: failing, orderBy: [], limit: 1000, offset: 0 });
      return { import_errors: page.rows.map((row) => ({ source: row.file_path, error: problemOf(row) })), total_entries: page.total };
    },
  }),
];

function eventLogShape(row: StoredAuditRow) {
  return {
    event_log_id: row.audit_id,
    when: iso(row.at),
    dag_id: row.dag_id,
    task_id: row.task_id,
    run_id: row.run_id,
    map_index: row.map_index,
    try_number: null,
    event: row.action,
    logical_date: null,
    owner: row.actor,
    extra: JSON.stringify(row.extra),
    dag_display_name: row.dag_id,
    task_display_name: row.task_id,
  };
}

/** The plugin named, and what is wrong with it, in words. */
function problemOf(row: PluginRow): string {
  return (
    row.error ?? `${row.name} is loaded, but failed ${row.faults === 1 ? 'once' : `${row.faults} times`}; last: ${row.last_fault ?? ''}`
  );
}

const DESTINATIONS = { nav: 'nav', dag: 'dag', run: 'dag_run', task: 'task_instance' } as const;

/** Airflow's fields; what only exists in Python is empty. */
function pluginShape(row: PluginRow) {
  const names = (key: string) => (Array.isArray(row.provides[key]) ? (row.provides[key] as unknown[]).map(String) : []);
  return {
    name: row.name,
    macros: names('macros'),
    flask_blueprints: [],
    fastapi_apps: [],
    fastapi_root_middlewares: [],
    external_views: row.links
      .filter((link) => link.on !== 'task')
      .map((link) => ({ name: link.name, href: link.href, destination: DESTINATIONS[link.on] })),
    react_apps: [],
    appbuilder_views: [],
    appbuilder_menu_items: [],
    global_operator_extra_links: row.links.filter((link) => link.on === 'task' && link.operators === null).map((link) => link.name),
    operator_extra_links: row.links.filter((link) => link.on === 'task' && link.operators !== null).map((link) => link.name),
    source: row.file_path,
    listeners: names('listeners'),
    timetables: names('timetables'),
  };
}
