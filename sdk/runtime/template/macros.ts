/** `macros` in templates: Airflow's that give the same text on every try, and those of plugins. */
import type { Macros } from '../../plugin.ts';
import { asInstant, asText, asWhole } from './arguments.ts';
import { Instant } from './instant.ts';
import { Budget } from './limits.ts';
import { jsonOf } from './show.ts';
import { Span, UNIT_MS } from './span.ts';
import { formatInstant, parseInstant } from './strftime.ts';
import { TemplateError } from './template-error.ts';
import { type Fn, Namespace, type Value, wrap } from './values.ts';

const CHANGING = 'It gives another text on every try, so a retry would do something else. Use ti, run_id or ts, or compute it in a task.';
const HINTS: Readonly<Record<string, string>> = {
  uuid: CHANGING,
  random: CHANGING,
  time: CHANGING,
  yaml: 'Use | tojson, or compute it in a task.',
  dateutil: 'Use .add(months=1) of a date, or macros.datetime.fromisoformat(text).',
  ds_format_locale: 'Use macros.ds_format(ds, input_format, output_format).',
  datetime_diff_for_humans: 'Subtract the dates: the difference prints as "1 day, 2:00:00".',
};

const TIME_UNITS = ['days', 'seconds', 'microseconds', 'milliseconds', 'minutes', 'hours', 'weeks'];
const DATE_PARTS = ['year', 'month', 'day', 'hour', 'minute', 'second'];

const OWN: Readonly<Record<string, Fn>> = {
  ds_add: {
    params: ['ds', 'days'],
    required: 2,
    run: (ds, days) => formatInstant(asInstant('ds', ds).plus({ days: asWhole('days', days) }), '%Y-%m-%d'),
  },
  ds_format: {
    params: ['ds', 'input_format', 'output_format'],
    required: 3,
    run: (ds, input, output) =>
      formatInstant(
        ds instanceof Instant ? ds : parseInstant(asText('ds', ds), asText('input_format', input)),
        asText('output_format', output),
      ),
  },
  timedelta: {
    params: TIME_UNITS,
    required: 0,
    run: (...amounts) =>
      new Span(TIME_UNITS.reduce((sum, unit, index) => sum + asAmount(unit, amounts[index]) * (UNIT_MS[unit] as number), 0)),
  },
  datetime: { params: DATE_PARTS, required: 3, run: (...parts) => makeDate(parts) },
};

function asAmount(unit: string, value: Value | undefined): number {
  if (value === undefined) return 0;
  if (typeof value === 'number' && Math.abs(value) < 1e12) return value;
  throw new TemplateError(`${unit} must be a number.`);
}

function makeDate(parts: readonly (Value | undefined)[]): Instant {
  const [year, month, day, hour, minute, second] = DATE_PARTS.map((name, index) => asWhole(name, parts[index], 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const two = (value: number) => String(value).padStart(2, '0');
  return Instant.parse(`${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}Z`);
}

const DATETIME = new Namespace('macros.datetime', {
  methods: {
    strptime: {
      params: ['text', 'format'],
      required: 2,
      run: (text, format) => parseInstant(asText('text', text), asText('format', format)),
    },
    fromisoformat: { params: ['text'], required: 1, run: (text) => Instant.parse(asText('text', text)) },
    fromtimestamp: { params: ['seconds'], required: 1, run: (seconds) => new Instant(asAmount('seconds', seconds) * 1_000) },
  },
  hints: { now: CHANGING, utcnow: CHANGING, today: CHANGING, timedelta: 'Use macros.timedelta(days=1).' },
});

const JSON_MACROS = new Namespace('macros.json', {
  methods: {
    loads: { params: ['text'], required: 1, run: (text) => parseJson('The text', asText('text', text)) },
    dumps: { params: ['value'], required: 1, run: (value) => jsonOf(value ?? null, new Budget()) },
  },
});

/** Throws TemplateError; `what` begins the message. */
export function parseJson(what: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new TemplateError(`${what} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

/** A plugin cannot take the name of one of Airflow's macros. */
export function macrosNamespace(plugins: Macros): Namespace {
  const own = { datetime: () => DATETIME, json: () => JSON_MACROS };
  const ofPlugins = Object.entries(plugins).map(([name, functions]) => [name, () => pluginNamespace(name, functions)] as const);
  return new Namespace('macros', { values: { ...Object.fromEntries(ofPlugins), ...own }, methods: OWN, hints: HINTS });
}

function pluginNamespace(plugin: string, functions: Macros[string]): Namespace {
  const name = `macros.${plugin}`;
  const methods = Object.entries(functions ?? {}).map(([key, run]): [string, Fn] => [
    key,
    { params: [], required: 0, rest: true, run: (...args) => callPlugin(`${name}.${key}`, () => run(...args.map(plainOf))) },
  ]);
  return new Namespace(name, { methods: Object.fromEntries(methods) });
}

export function callPlugin(name: string, run: () => unknown): unknown {
  let result: unknown;
  try {
    result = run();
  } catch (cause) {
    // Not the template's fault: another try may help.
    throw new TemplateError(`${name} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { code: 'BAD_REQUEST', cause });
  }
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new TemplateError(`${name} is asynchronous; templates need its answer at once. Call it in a task.`);
  }
  return result;
}

/** Plugins see dates as Date, durations as milliseconds. */
export function plainOf(value: unknown): unknown {
  const wrapped = wrap(value);
  if (wrapped instanceof Instant) return new Date(wrapped.ms);
  if (wrapped instanceof Span) return wrapped.ms;
  return Array.isArray(wrapped) ? wrapped.map(plainOf) : wrapped;
}
