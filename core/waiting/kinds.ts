/** The kinds of waiters: which arguments each takes, who looks, and how it is said in words. */
import { isKey } from '../ids.ts';
import { TASK_INSTANCE_STATES } from '../states.ts';

export type WaiterArgs = Readonly<Record<string, unknown>>;

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === 'string' && value !== '';
const isFlag: Check = (value) => typeof value === 'boolean';
const isCount: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isInstant: Check = (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value));
const isRecord: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts: Check = (value) => Array.isArray(value) && value.every((one) => typeof one === 'string');
const isKeys: Check = (value) => Array.isArray(value) && value.length > 0 && value.every(isKey);
const isStates: Check = (value) => Array.isArray(value) && value.every((one) => (TASK_INSTANCE_STATES as readonly unknown[]).includes(one));

/** clock: a heap; polling: looked at again and again; database: many in one statement; answer: somebody says so. */
export type Looking = 'clock' | 'polling' | 'database' | 'answer';

interface Kind {
  readonly looking: Looking;
  /** Between two looks when the waiter does not say. */
  readonly everyMs: number;
  /** A key that ends in "?" may be absent. */
  readonly args: Readonly<Record<string, Check>>;
  readonly words: (args: WaiterArgs) => string;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : String(JSON.stringify(value)));
const clip = (value: string): string => (value.length > 120 ? `${value.slice(0, 119)}…` : value);

export const WAITER_KINDS = {
  time: { looking: 'clock', everyMs: 0, args: { at: isInstant }, words: ({ at }) => `the time ${text(at).replace('.000Z', 'Z')}` },
  http: {
    looking: 'polling',
    everyMs: 30_000,
    args: {
      'url?': isText,
      'connection?': isText,
      'path?': isText,
      'method?': isText,
      'headers?': isRecord,
      'body?': () => true,
      'status?': (value) => Array.isArray(value) && value.every(isCount),
      'json?': isRecord,
      'requestTimeoutMs?': isCount,
    },
    words: ({ method, url, connection, path }) =>
      clip(`HTTP ${text(method ?? 'GET')} ${url === undefined ? `${text(connection)}${text(path ?? '')}` : withoutSecrets(text(url))}`),
  },
  file: {
    looking: 'polling',
    everyMs: 5_000,
    args: { path: isText, 'recursive?': isFlag, 'gone?': isFlag },
    words: ({ path, gone }) => clip(`${gone === true ? 'the end of file' : 'the file'} ${text(path)}`),
  },
  sql: {
    looking: 'polling',
    everyMs: 30_000,
    args: { connection: isText, sql: isText, 'values?': Array.isArray, 'failOnEmpty?': isFlag },
    words: ({ connection, sql }) => clip(`a row on ${text(connection)}: ${text(sql).replaceAll(/\s+/g, ' ').trim()}`),
  },
  external_task: {
    looking: 'database',
    everyMs: 2_000,
    args: {
      dagId: isKey,
      'taskIds?': isKeys,
      'groupId?': isKey,
      logicalDates: (value) => Array.isArray(value) && value.length > 0 && value.every(isInstant),
      allowedStates: isStates,
      skippedStates: isStates,
      failedStates: isStates,
      'checkExistence?': isFlag,
    },
    words: ({ dagId, taskIds, groupId, logicalDates }) => {
      const what = Array.isArray(taskIds) ? `task ${taskIds.join(', ')} of ` : groupId === undefined ? '' : `group ${text(groupId)} of `;
      return clip(`${what}DAG ${text(dagId)}, run of ${(logicalDates as string[]).join(', ').replaceAll('.000Z', 'Z')}`);
    },
  },
  dag_run: {
    looking: 'database',
    everyMs: 2_000,
    args: { dagId: isKey, runId: isText, allowedStates: isTexts, failedStates: isTexts },
    words: ({ dagId, runId }) => `run ${text(runId)} of DAG ${text(dagId)}`,
  },
  event: {
    looking: 'database',
    everyMs: 1_000,
    args: { name: isText, 'afterEventId?': isCount },
    words: ({ name }) => `the event ${text(name)}`,
  },
  /** Ended by somebody's answer through `resolveWaiters`; nobody looks. */
  answer: {
    looking: 'answer',
    everyMs: 0,
    args: { subject: isText, 'details?': () => true },
    words: ({ subject }) => clip(`an answer: ${text(subject)}`),
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type WaiterKind = keyof typeof WAITER_KINDS;
export const waiterKinds = Object.keys(WAITER_KINDS) as readonly WaiterKind[];

/** Returns what is wrong with the arguments, in words; null = nothing. */
export function checkArgs(kind: WaiterKind, args: WaiterArgs): string | null {
  const shape: Readonly<Record<string, Check>> = WAITER_KINDS[kind].args;
  for (const [name, check] of Object.entries(shape)) {
    const key = name.replace(/\?$/, '');
    if (Object.hasOwn(args, key) ? !check(args[key]) : key === name)
      return `"${key}" of a waiter of the kind ${kind} is missing or not of the right kind`;
  }
  const unknown = Object.keys(args).find((key) => !Object.hasOwn(shape, key) && !Object.hasOwn(shape, `${key}?`));
  if (unknown !== undefined) return `a waiter of the kind ${kind} has no "${unknown}"`;
  if (kind === 'http' && args['url'] === undefined && args['connection'] === undefined)
    return 'a waiter of the kind http needs a url or a connection';
  return null;
}

export function wordsOf(kind: WaiterKind, args: WaiterArgs): string {
  return WAITER_KINDS[kind].words(args);
}

export function intervalOf(kind: WaiterKind, everyMs: number | null): number {
  return Math.max(LEAST_INTERVAL_MS, everyMs ?? WAITER_KINDS[kind].everyMs);
}

const LEAST_INTERVAL_MS = 100;

/** What follows "?" and "user:password@" of a URL may be a key. */
function withoutSecrets(url: string): string {
  return url.replace(/\?.*$/s, '?…').replace(/\/\/[^/@]*@/, '//…@');
}
