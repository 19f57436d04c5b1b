/** The names every template knows: Airflow's, made from what the supervisor said of the attempt. */
import type { AttemptContext, EarlierRun, XcomPlace } from '#core/task-protocol.ts';
import type { Macros } from '../../plugin.ts';
import type { TemplateSettings } from '../../template-settings.ts';
import { MISSING_NAMES } from './airflow-names.ts';
import { asText, asWhole } from './arguments.ts';
import { DATE_TEXTS } from './date-filters.ts';
import { Instant } from './instant.ts';
import { Budget } from './limits.ts';
import type { Lookups } from './lookups.ts';
import { macrosNamespace, parseJson } from './macros.ts';
import { ownFilters, ownFunctions, ownValues } from './own-names.ts';
import type { Globals } from './scope.ts';
import { jsonOf } from './show.ts';
import { TemplateError } from './template-error.ts';
import { type Dict, type Fn, Missing, Namespace, ownValue, type Value, wrap } from './values.ts';

export interface GlobalsOptions {
  readonly attempt: AttemptContext;
  /** Validated. */
  readonly params: unknown;
  readonly macros: Macros;
  readonly lookups: Lookups;
  /** What the DAG adds. */
  readonly own?: TemplateSettings | undefined;
}

const NOT_TOLD = 'Tasks are not told.';

export function templateGlobals({ attempt, params, macros, lookups, own }: GlobalsOptions): Globals {
  const logicalDate = instantOf(attempt.logicalDate ?? attempt.runAfter);
  const intervalStart = attempt.dataIntervalStart === null ? logicalDate : instantOf(attempt.dataIntervalStart);
  const intervalEnd = attempt.dataIntervalEnd === null ? logicalDate : instantOf(attempt.dataIntervalEnd);
  const dates = { logical_date: () => logicalDate, data_interval_start: () => intervalStart, data_interval_end: () => intervalEnd };
  const ti = taskInstance(attempt, lookups);
  const dagRun = new Namespace('dag_run', {
    values: {
      ...dates,
      dag_id: () => attempt.dagId,
      run_id: () => attempt.runId,
      run_type: () => attempt.runType,
      run_after: () => instantOf(attempt.runAfter),
      conf: () => attempt.params ?? {},
    },
    hints: { start_date: NOT_TOLD, end_date: NOT_TOLD, state: NOT_TOLD, external_trigger: 'Use dag_run.run_type == "manual".' },
  });
  return {
    values: {
      ...dates,
      ...Object.fromEntries(Object.entries(DATE_TEXTS).map(([name, write]) => [name, () => write(logicalDate)])),
      run_id: () => attempt.runId,
      partition_key: () => attempt.partitionKey ?? null,
      triggering_asset_events: () => eventsByAsset(attempt),
      expanded_ti_count: () => attempt.mapLength ?? null,
      params: () => params ?? {},
      ti: () => ti,
      task_instance: () => ti,
      dag_run: () => dagRun,
      dag: () => new Namespace('dag', { values: { dag_id: () => attempt.dagId } }),
      task: () => new Namespace('task', { values: { task_id: () => attempt.taskId } }),
      task_instance_key_str: () => `${attempt.dagId}__${attempt.taskId}__${DATE_TEXTS.ds_nodash(logicalDate)}`,
      var: () => variables(lookups),
      conn: () => connections(lookups),
      macros: () => macrosNamespace(macros),
      ...earlierSuccess(lookups),
      ...ownValues(own?.macros ?? {}),
    },
    functions: { range: RANGE, ...ownFunctions(own?.macros ?? {}) },
    ...(own !== undefined && { filters: ownFilters(own.filters) }),
    hints: MISSING_NAMES,
  };
}

/** As Airflow: a dict of lists, by the name of the asset. */
function eventsByAsset(attempt: AttemptContext): Readonly<Record<string, unknown>> {
  const events = attempt.triggeringAssetEvents ?? [];
  return Object.fromEntries(
    [...new Set(events.map((event) => event.name))].map((name) => [
      name,
      events
        .filter((event) => event.name === name)
        .map(({ uri, extra, partitionKey, timestamp, source }) => ({
          uri,
          extra,
          partition_key: partitionKey,
          timestamp: instantOf(timestamp),
          source_dag_id: source?.dagId ?? null,
          source_run_id: source?.runId ?? null,
          source_task_id: source?.taskId ?? null,
        })),
    ]),
  );
}

function instantOf(iso: string): Instant {
  return new Instant(Date.parse(iso));
}

/** When the newest run before this one that succeeded was; none when there is none. */
function earlierSuccess(lookups: Lookups): Readonly<Record<string, () => unknown>> {
  const instant = (name: keyof EarlierRun) => () => {
    const iso = lookups.earlierSuccess()?.[name];
    return typeof iso === 'string' ? instantOf(iso) : null;
  };
  return {
    prev_data_interval_start_success: instant('dataIntervalStart'),
    prev_data_interval_end_success: instant('dataIntervalEnd'),
    prev_start_date_success: instant('startedAt'),
    prev_end_date_success: instant('endedAt'),
  };
}

const RANGE: Fn = {
  params: ['start', 'stop', 'step'],
  required: 1,
  run: (first, second, third) => {
    const start = second === undefined ? 0 : asWhole('start', first);
    const stop = asWhole('stop', second ?? first);
    const step = asWhole('step', third, 1);
    if (step === 0) throw new TemplateError('The step of range must not be 0.');
    const length = Math.max(0, Math.ceil((stop - start) / step));
    new Budget().listOf(length);
    return Array.from({ length }, (_, index) => start + index * step);
  },
};

function taskInstance(attempt: AttemptContext, lookups: Lookups): Namespace {
  return new Namespace('ti', {
    values: {
      task_id: () => attempt.taskId,
      dag_id: () => attempt.dagId,
      run_id: () => attempt.runId,
      try_number: () => attempt.tryNumber,
      max_tries: () => attempt.maxTries,
      map_index: () => attempt.mapIndex,
    },
    methods: {
      xcom_pull: {
        params: ['task_ids', 'key', 'default', 'dag_id', 'map_indexes', 'include_prior_dates', 'run_id'],
        required: 0,
        run: (taskIds, key, fallback, dagId, mapIndexes, includePriorDates, runId) => {
          const name = asText('key', key ?? undefined, 'return_value');
          const place: XcomPlace = {
            ...(isGiven(dagId) && { dagId: asText('dag_id', dagId) }),
            ...(isGiven(runId) && { runId: asText('run_id', runId) }),
            ...(isGiven(mapIndexes) && { mapIndexes: [mapIndexes].flat().map((index) => asWhole('map_indexes', wrap(index))) }),
            ...(includePriorDates === true && { includePriorDates }),
          };
          if (!isGiven(taskIds)) throw new TemplateError('xcom_pull needs the task: ti.xcom_pull("task_id").');
          if (Array.isArray(taskIds))
            return taskIds.map((one) => pulled(lookups, { taskId: asText('A task id', wrap(one)), key: name, place }, fallback ?? null));
          return pulled(lookups, { taskId: asText('task_ids', taskIds), key: name, place }, fallback);
        },
      },
    },
    hints: { start_date: NOT_TOLD, hostname: NOT_TOLD, state: NOT_TOLD, xcom_push: 'Templates only read.', log_url: NOT_TOLD },
  });
}

interface Pulled {
  readonly taskId: string;
  readonly key: string;
  readonly place: XcomPlace;
}

/** Without a default, an absent value counts as none in conditions, but is never pasted as "None" into a text. */
function pulled(lookups: Lookups, { taskId, key, place }: Pulled, fallback: Value | undefined): unknown {
  const found = lookups.xcom(taskId, key, place);
  if (found !== undefined) return found;
  if (fallback !== undefined) return fallback;
  const what = key === 'return_value' ? 'no result' : `no value ${JSON.stringify(key)}`;
  const advice = 'Does this task wait for it (after: …)? Or give a default: | default("…").';
  return new Missing(
    () =>
      new TemplateError(
        `Task ${JSON.stringify(taskId)} has ${what} in ${place.dagId === undefined ? 'this run' : `the run of ${JSON.stringify(place.dagId)}`}. ${advice}`,
      ),
    true,
  );
}

/** `var.value.KEY`, `var.value.get("key", "default")`, `var.json.KEY.part`. */
function variables(lookups: Lookups): Namespace {
  const kinds: Readonly<Record<string, (key: string) => unknown>> = {
    value: (key) => lookups.variable(key),
    json: (key) => {
      const text = lookups.variable(key);
      return typeof text === 'string' ? parseJson(`The variable ${JSON.stringify(key)}`, text) : text;
    },
  };
  const entries = Object.entries(kinds).map(([name, lookup]) => [
    name,
    () => new Namespace(`var.${name}`, { lookup, methods: { get: getOr(lookup) } }),
  ]);
  return new Namespace('var', { values: Object.fromEntries(entries), hints: {} });
}

function isGiven(value: Value | undefined): value is Exclude<Value, null | undefined> {
  return value !== undefined && value !== null;
}

function getOr(lookup: (key: string) => unknown): Fn {
  return {
    params: ['key', 'default'],
    required: 1,
    run: (key, fallback) => {
      const found = lookup(asText('The key', key));
      return found instanceof Missing && fallback !== undefined ? fallback : found;
    },
  };
}

/** `conn.ID.host` and Airflow's other fields. */
function connections(lookups: Lookups): Namespace {
  const lookup = (id: string): unknown => {
    const found = lookups.connection(id);
    return found instanceof Missing ? found : connectionNamespace(id, wrap(found) as Dict);
  };
  return new Namespace('conn', { lookup, methods: { get: getOr(lookup) } });
}

function connectionNamespace(id: string, fields: Dict): Namespace {
  const field = (name: string) => () => (typeof fields === 'object' && fields !== null ? (ownValue(fields, name) ?? null) : null);
  const extra = () => field('extra')() ?? {};
  return new Namespace(`conn.${id}`, {
    values: {
      conn_id: () => id,
      conn_type: field('type'),
      type: field('type'),
      host: field('host'),
      port: field('port'),
      login: field('login'),
      password: field('password'),
      schema: field('schema'),
      extra: () => jsonOf(extra(), new Budget()),
      extra_dejson: extra,
    },
  });
}
