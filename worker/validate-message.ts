/**
 * Checks what a task process says. The process runs strangers' code, so its messages are claims: what is not
 * exactly a message of `core/task-protocol.ts` is refused (null), and strings are made storable.
 */
import type { AssetUse } from '#core/assets/asset-spec.ts';
import { parseAssetQuery, parseEmissions } from '#core/assets/parse-messages.ts';
import { isAssetUse } from '#core/assets/validate-assets.ts';
import { storable } from '#core/storable.ts';
import { parseOpening, parseResetDone, parseProgress as parseSyncProgress } from '#core/sync/sync-report.ts';
import type { BodyResult, ErrorReport, FromTaskProcess, HeartbeatMessage, LogLevel, RequestBody, XcomPlace } from '#core/task-protocol.ts';
import { parseWaiter } from '#core/waiting/waiter.ts';

const LEVELS: ReadonlySet<unknown> = new Set(['debug', 'info', 'warning', 'error']);
const TEXT_MAX_CHARS = 64 * 1024;
const STACK_MAX_CHARS = 32 * 1024;
const NOTE_MAX_CHARS = 200;
const KEY_MAX_CHARS = 250;
const LIST_MAX = 10_000;
const RENDERED_MAX = 100;
const RENDERED_MAX_CHARS = 4_096;

type Fields = Readonly<Record<string, unknown>>;

const PARSERS: Readonly<Record<string, (fields: Fields) => FromTaskProcess | null>> = {
  // One that does not say its version is of the time before there was one.
  ready: ({ bundleHash, protocol }) =>
    bundleHash === null || typeof bundleHash === 'string'
      ? { type: 'ready', bundleHash, protocol: Number.isSafeInteger(protocol) ? (protocol as number) : 0 }
      : null,
  log: parseLog,
  request: ({ requestId, body }) => {
    const parsed = isFields(body) ? parseRequest(body) : null;
    return Number.isSafeInteger(requestId) && parsed ? { type: 'request', requestId: requestId as number, body: parsed } : null;
  },
  heartbeat: ({ progress }) => ({ type: 'heartbeat', progress: parseProgress(progress) }),
  result: ({ attemptId, result, ends, stays, ranMs, next }) => {
    const parsed = isFields(result) ? parseResult(result) : null;
    if (parsed === null || typeof attemptId !== 'string') return null;
    const isTurn = Number.isSafeInteger(next);
    return {
      type: 'result',
      attemptId,
      result: parsed,
      ...(ends === true && { ends }),
      ...(stays === true && { stays }),
      ...(isAmount(ranMs) && { ranMs }),
      ...(isTurn && { next: next as number }),
    };
  },
};

/** Returns the message, or null when it is none of the protocol's. */
export function parseFromTaskProcess(value: unknown): FromTaskProcess | null {
  if (!isFields(value) || typeof value['type'] !== 'string' || !Object.hasOwn(PARSERS, value['type'])) return null;
  return PARSERS[value['type']]?.(value) ?? null;
}

function parseLog({ level, message, fields }: Fields): FromTaskProcess | null {
  if (!LEVELS.has(level) || typeof message !== 'string') return null;
  return {
    type: 'log',
    level: level as LogLevel,
    message: storable(message, TEXT_MAX_CHARS),
    ...(isFields(fields) ? { fields } : {}),
  };
}

function parseRequest(fields: Fields): RequestBody | null {
  const { what, id, key, taskId, value, query } = fields;
  if (what === 'connection' && isName(id)) return { what, id };
  if (what === 'variable' && isName(key)) return { what, key };
  if (what === 'xcom_push' && isName(key)) return { what, key, value };
  if (what === 'xcom_pull' && isName(key) && isName(taskId)) return { what, taskId, key, ...parsePlace(fields) };
  if ((what === 'state_get' || what === 'state_delete') && isName(key)) return { what, key };
  if (what === 'state_set' && isName(key)) return { what, key, value };
  if (what === 'earlier_success') return { what };
  if (what === 'rendered_fields' && isFields(fields['fields'])) return { what, fields: parseRendered(fields['fields']) };
  if (what === 'trigger_run') return parseTrigger(fields);
  if (what === 'run_output' && isName(fields['dagId']) && isName(fields['runId']))
    return { what, dagId: fields['dagId'], runId: fields['runId'] };
  if (what === 'asset_columns') return isAssetUse(fields['of']) ? { what, of: fields['of'] as AssetUse } : null;
  if (what === 'asset_events') {
    const parsed = parseAssetQuery(query);
    return parsed && { what, query: parsed };
  }
  return parseSyncRequest(fields);
}

function parseSyncRequest(fields: Fields): RequestBody | null {
  const opening = fields['what'] === 'sync_open' ? parseOpening(fields) : null;
  if (opening) return { what: 'sync_open', ...opening };
  const progress = fields['what'] === 'sync_progress' ? parseSyncProgress(fields) : null;
  if (progress) return { what: 'sync_progress', ...progress };
  const done = fields['what'] === 'sync_reset_done' ? parseResetDone(fields) : null;
  return done && { what: 'sync_reset_done', ...done };
}

function parseTrigger({ dagId, runId, conf, logicalDate, note, ...flags }: Fields): RequestBody | null {
  if (!isName(dagId) || !isFields(conf) || !(runId === null || isName(runId))) return null;
  if (logicalDate !== null && (typeof logicalDate !== 'string' || Number.isNaN(Date.parse(logicalDate)))) return null;
  return {
    what: 'trigger_run',
    dagId,
    runId,
    conf,
    logicalDate,
    note: typeof note === 'string' ? storable(note, TEXT_MAX_CHARS) : null,
    resetDagRun: flags['resetDagRun'] === true,
    skipWhenAlreadyExists: flags['skipWhenAlreadyExists'] === true,
    failWhenDagIsPaused: flags['failWhenDagIsPaused'] === true,
  };
}

function parseRendered(fields: Fields): Readonly<Record<string, string>> {
  const texts = Object.entries(fields).slice(0, RENDERED_MAX);
  return Object.fromEntries(
    texts.flatMap(([name, text]) => (isName(name) && typeof text === 'string' ? [[name, storable(text, RENDERED_MAX_CHARS)]] : [])),
  );
}

function parsePlace({ mapIndexes, includePriorDates, dagId, runId }: Fields): XcomPlace {
  return {
    ...(Array.isArray(mapIndexes) && {
      mapIndexes: (mapIndexes as unknown[]).slice(0, LIST_MAX).filter((index) => Number.isSafeInteger(index)) as number[],
    }),
    ...(includePriorDates === true && { includePriorDates }),
    ...(isName(dagId) && { dagId }),
    ...(isName(runId) && { runId }),
  };
}

function parseProgress(value: unknown): HeartbeatMessage['progress'] {
  if (!isFields(value) || !isAmount(value['done']) || !isAmount(value['total'])) return null;
  const note = value['note'];
  return {
    done: value['done'],
    total: value['total'],
    ...(typeof note === 'string' ? { note: storable(note, NOTE_MAX_CHARS) } : {}),
  };
}

function parseResult(result: Fields): BodyResult | null {
  switch (result['outcome']) {
    case 'success':
      return parseSuccess(result);
    case 'skipped':
      return { outcome: 'skipped', reason: typeof result['reason'] === 'string' ? storable(result['reason'], TEXT_MAX_CHARS) : '' };
    case 'failed':
      return {
        outcome: 'failed',
        error: parseError(result['error']),
        retryable: result['retryable'] !== false,
        retryAfterMs: isAmount(result['retryAfterMs']) ? result['retryAfterMs'] : null,
        ...(Array.isArray(result['checks']) ? { checks: parseChecks(result['checks']) } : {}),
      };
    case 'defer':
      return parseDefer(result['waiter']);
    case 'reschedule':
      if (!isAmount(result['afterMs'])) return null;
      return {
        outcome: 'reschedule',
        afterMs: result['afterMs'],
        note: typeof result['note'] === 'string' ? storable(result['note'], NOTE_MAX_CHARS) : null,
      };
    default:
      return null;
  }
}

function parseDefer(value: unknown): BodyResult {
  const parsed = parseWaiter(value);
  if ('waiter' in parsed) return { outcome: 'defer', waiter: parsed.waiter };
  const error = { name: 'WaiterInvalid', message: storable(parsed.problem, TEXT_MAX_CHARS), stack: '' };
  return { outcome: 'failed', error, retryable: false, retryAfterMs: null };
}

function parseSuccess({ value, bytes, followed, mapLengths, checks, mapLabel, assets }: Fields): BodyResult {
  const emissions = parseEmissions(assets);
  const lengths = isFields(mapLengths) ? Object.entries(mapLengths).filter(([, length]) => Number.isSafeInteger(length)) : [];
  return {
    outcome: 'success',
    value,
    bytes: isAmount(bytes) ? bytes : 0,
    followed: Array.isArray(followed) ? (followed as unknown[]).slice(0, LIST_MAX).filter(isName) : null,
    mapLengths: Object.fromEntries(lengths as [string, number][]),
    checks: parseChecks(checks),
    ...(typeof mapLabel === 'string' ? { mapLabel: storable(mapLabel, KEY_MAX_CHARS) } : {}),
    ...(emissions.length > 0 ? { assets: emissions } : {}),
  };
}

const CHECKS_MAX = 100;

function parseChecks(checks: unknown) {
  return Array.isArray(checks) ? (checks as unknown[]).slice(0, CHECKS_MAX).filter(isFields).map(parseCheck) : [];
}

function parseCheck({ name, passed, message }: Fields) {
  return {
    name: typeof name === 'string' ? storable(name, KEY_MAX_CHARS) : '',
    passed: passed === true,
    message: typeof message === 'string' ? storable(message, TEXT_MAX_CHARS) : null,
  };
}

function parseError(value: unknown): ErrorReport {
  const error = isFields(value) ? value : {};
  const text = (field: unknown, fallback: string, max: number) => (typeof field === 'string' ? storable(field, max) : fallback);
  return {
    name: text(error['name'], 'Error', KEY_MAX_CHARS),
    message: text(error['message'], 'the task failed without a message', TEXT_MAX_CHARS),
    stack: text(error['stack'], '', STACK_MAX_CHARS),
  };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= KEY_MAX_CHARS && !value.includes('\0');
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
