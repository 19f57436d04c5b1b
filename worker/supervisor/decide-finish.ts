/** What Postgres is told about an attempt that ended: a pure decision from the ending, the task and the try. */

import { eventsOfSuccess } from '#core/assets/events-of-success.ts';
import type { TaskSpec } from '#core/dag-spec.ts';
import { formatDuration } from '#core/duration.ts';
import { assertNever } from '#core/errors.ts';
import { retryDelayMs } from '#core/retries.ts';
import { isStorableJson } from '#core/storable.ts';
import type { BodyResult, ErrorReport } from '#core/task-protocol.ts';
import { skipsInsteadOfFailing } from '#core/waiting/sensor-rules.ts';
import { describeWaiter, type Waiter } from '#core/waiting/waiter.ts';
import { formatBytes, tooLargeMessage } from '#core/xcom-size.ts';
import type { Finish } from '#platform/db/queries/finish-attempts.ts';
import type { XcomRef } from '#platform/xcom/backend.ts';
import { type Ending, type Explanation, explain, explainCrash } from './ending.ts';

export interface FinishFacts {
  /** Null when its DAG version is gone. */
  readonly task: TaskSpec | null;
  /** 1 = the first. */
  readonly tryNumber: number;
  /** Retries allowed: a try number up to this may be followed by another. */
  readonly maxTries: number;
  /** Of the try's key: spreads the retries of many. */
  readonly retryHash: () => bigint;
  readonly maxRetryDelayMs: number;
  /** Sensors: milliseconds since the first check of this try began. */
  readonly sinceFirstStartMs: number;
  readonly xcomMaxBytes: number;
}

export type Decision = Pick<
  Finish,
  'event' | 'reason' | 'error' | 'followed' | 'mapLengths' | 'nextTryInMs' | 'mapLabel' | 'assetEvents' | 'checks'
> & {
  readonly valueJson?: string;
  readonly bytes?: number;
  readonly large?: XcomRef;
  /** defer: what it waits for. */
  readonly waiter?: Waiter;
};

const NOTHING = { error: null, followed: null, mapLengths: {}, nextTryInMs: null, mapLabel: null } as const;
const REASON_MAX_CHARS = 500;

/** Decides the finish of every ending but a lost lease, after which nothing may be written. */
export function decideFinish(ending: Exclude<Ending, { kind: 'lease_lost' }>, facts: FinishFacts): Decision {
  switch (ending.kind) {
    case 'result':
      return decideResult(ending.result, facts);
    case 'crashed':
      return failure(explainCrash(ending), facts, { retryable: true });
    case 'timed_out':
      return failure(explain('TaskTimeout', `execution timeout after ${formatDuration(ending.limitMs)}`), facts, { retryable: true });
    case 'memory_exceeded':
      return failure(explainMemory(ending), facts, { retryable: true });
    case 'too_many_processes':
      return failure(
        explain(
          'TooManyProcesses',
          `the task had more than ${ending.limit} processes running (WINDLASS_TASK_PROCESSES_MAX). Start fewer at once, and wait for them`,
        ),
        facts,
        { retryable: true },
      );
    case 'oversized_message':
      return failure(tooLarge(ending.limitBytes, facts.xcomMaxBytes), facts, { retryable: false });
    case 'garbled_message':
      return failure(
        explain(
          'ProtocolBroken',
          'the task process said something that Windlass does not understand: the body, or something it uses, wrote to its channel (file descriptor 3), or asked for a connection, variable or XCom whose name is empty or longer than 250 characters',
        ),
        facts,
        { retryable: true },
      );
    case 'stopped':
      return decideStopped(ending, facts);
    case 'worker_failed':
      return failure(explain('WorkerFailed', ending.reason), facts, { retryable: true });
    case 'unrunnable':
      return failure({ reason: ending.error.message, error: ending.error }, facts, { retryable: false });
    case 'not_prepared':
      return { ...NOTHING, event: 'hand_back', reason: ending.reason };
    default:
      return assertNever(ending);
  }
}

function decideResult(result: BodyResult, facts: FinishFacts): Decision {
  const decision = decideOutcome(result, facts);
  const checks = 'checks' in result ? (result.checks ?? []) : [];
  return checks.length === 0 ? decision : { ...decision, checks };
}

function decideOutcome(result: BodyResult, facts: FinishFacts): Decision {
  switch (result.outcome) {
    case 'success':
      return decideSuccess(result, facts);
    case 'skipped':
      return { ...NOTHING, event: 'skip', reason: oneLine(result.reason) || 'the task skipped itself' };
    case 'failed':
      return failure({ reason: saidBy(result.error), error: result.error }, facts, result);
    case 'defer':
      return { ...NOTHING, event: 'defer', reason: `waits for ${describeWaiter(result.waiter)}`, waiter: result.waiter };
    case 'reschedule':
      return decideReschedule(result, facts);
    default:
      return assertNever(result);
  }
}

function decideSuccess(result: Extract<BodyResult, { outcome: 'success' }>, facts: FinishFacts): Decision {
  const broken = result.checks.filter((check) => !check.passed);
  if (broken.length > 0) {
    const names = broken.map((check) => (check.message === null ? check.name : `${check.name} (${check.message})`)).join(', ');
    return failure(explain('CheckFailed', `the result did not pass its checks: ${names}`), facts, { retryable: true });
  }
  const { followed, mapLengths, mapLabel } = result;
  const outlets = facts.task?.outlets ?? [];
  const finish = {
    ...NOTHING,
    event: 'succeed',
    reason: null,
    followed,
    mapLengths,
    mapLabel: mapLabel ?? null,
    ...(outlets.length > 0 && { assetEvents: eventsOfSuccess(outlets, result.assets ?? []) }),
  } as const;
  if (result.value === undefined) return finish;
  const valueJson = jsonOf(result.value);
  if (valueJson === null) return failure(explain('XcomNotJson', 'the result is nested too deep to be stored'), facts, { retryable: false });
  const bytes = Buffer.byteLength(valueJson);
  if (bytes > facts.xcomMaxBytes) return failure(tooLarge(bytes, facts.xcomMaxBytes), facts, { retryable: false });
  if (!isStorableJson(valueJson))
    return failure(
      explain(
        'XcomNotJson',
        'the result holds the character U+0000 or half of a surrogate pair, which Postgres cannot store. Encode binary data, for example as base64',
      ),
      facts,
      { retryable: false },
    );
  return { ...finish, valueJson, bytes };
}

/** Null when it is nested deeper than JSON.stringify can follow; only a forged result is. */
function jsonOf(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

function decideReschedule(result: Extract<BodyResult, { outcome: 'reschedule' }>, facts: FinishFacts): Decision {
  const sensor = facts.task?.sensor ?? null;
  const waited = facts.sinceFirstStartMs;
  if (sensor === null) return { ...NOTHING, event: 'reschedule', reason: result.note, nextTryInMs: result.afterMs };
  const note = result.note === null ? '' : ` (${result.note})`;
  if (waited >= sensor.timeoutMs) {
    const reason = `the sensor timed out: not there after ${formatDuration(waited)}${note}`;
    if (sensor.onTimeout === 'skip') return { ...NOTHING, event: 'skip', reason };
    return failure(explain('SensorTimeout', reason), facts, { retryable: false });
  }
  const nextTryInMs = Math.round(Math.min(result.afterMs, sensor.timeoutMs - waited));
  return { ...NOTHING, event: 'reschedule', reason: `not yet${note}; next check in ${formatDuration(nextTryInMs)}`, nextTryInMs };
}

/**
 * A stopping worker hands its tasks back at no cost. With `retries: 0` a body that began must not begin again,
 * so it fails instead; a sensor's check may always be repeated.
 */
function decideStopped(ending: Extract<Ending, { kind: 'stopped' }>, facts: FinishFacts): Decision {
  const repeatable = !ending.begun || (facts.task?.retries ?? 0) > 0 || facts.task?.kind === 'sensor';
  if (repeatable) return { ...NOTHING, event: 'hand_back', reason: ending.reason };
  return failure(
    explain('WorkerStopped', `${ending.reason}; with retries: 0 the task is not started a second time. Clear it to run it again`),
    facts,
    { retryable: false },
  );
}

function failure(
  { reason, error }: Explanation,
  facts: FinishFacts,
  how: { readonly retryable: boolean; readonly retryAfterMs?: number | null },
): Decision {
  const said = oneLine(reason);
  const { task } = facts;
  const willRetry = how.retryable && task !== null && facts.tryNumber <= facts.maxTries;
  if (skipsInsteadOfFailing(task?.sensor ?? null, willRetry)) return { ...NOTHING, event: 'skip', reason: said };
  if (!willRetry || task === null) return { ...NOTHING, event: 'fail', reason: said, error };
  const nextTryInMs =
    how.retryAfterMs ?? retryDelayMs(task, { tryNumber: facts.tryNumber, hash: facts.retryHash(), maxDelayMs: facts.maxRetryDelayMs });
  const tries = `try ${facts.tryNumber + 1} of ${facts.maxTries + 1} in ${formatDuration(nextTryInMs)}`;
  return { ...NOTHING, event: 'retry', reason: `${said}; ${tries}`, error, nextTryInMs };
}

function tooLarge(bytes: number, limitBytes: number): Explanation {
  return explain('XcomTooLarge', tooLargeMessage(bytes, limitBytes));
}

/** How many hold it, with the verb. */
function whoHeld(processes: number): string {
  if (processes === 1) return 'the task process held';
  return `the task process and the ${processes === 2 ? 'process' : `${processes - 1} processes`} it started held together`;
}

function explainMemory(ending: Extract<Ending, { kind: 'memory_exceeded' }>): Explanation {
  return explain(
    'OutOfMemory',
    `out of memory: ${whoHeld(ending.processes)} ${formatBytes(ending.usedBytes)}, far beyond its ${ending.limitMb} MB (WINDLASS_TASK_MEMORY_MB)`,
  );
}

function saidBy(error: ErrorReport): string {
  return error.name === 'Error' || error.name === '' ? error.message : `${error.name}: ${error.message}`;
}

function oneLine(text: string): string {
  const line = text.split('\n', 1)[0] ?? '';
  return line.length > REASON_MAX_CHARS ? `${line.slice(0, REASON_MAX_CHARS)}…` : line;
}
