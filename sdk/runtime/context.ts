/** Makes the context that handlers see from what the supervisor said of the attempt. */
import { mkdirSync } from 'node:fs';
import { inspect } from 'node:util';
import type { AttemptContext, LogLevel } from '#core/task-protocol.ts';
import type { Ctx, TaskLog, WaitEvent } from '../context.ts';
import type { Macros } from '../plugin.ts';
import { type AssetDesk, triggeringEventsOf } from './asset-desk.ts';
import { now } from './now.ts';
import type { TaskHost } from './task-host.ts';
import type { Templates } from './templates.ts';
import { decodeValue } from './value-codec.ts';
import { stateDesk, xcomDesk } from './xcom-desk.ts';

const RUN_TYPES: Readonly<Record<string, Ctx<unknown>['run']['type']>> = {
  manual: 'manual',
  scheduled: 'scheduled',
  backfill: 'backfill',
  asset_triggered: 'asset',
  asset_materialization: 'asset',
};

/** `params` are validated already. The scratch folder is made when first asked for. */
export function makeContext(
  attempt: AttemptContext,
  params: unknown,
  macros: Macros,
  host: TaskHost,
  templates: Templates,
  assets: AssetDesk,
): Ctx<unknown> {
  const logicalDate = new Date(attempt.logicalDate ?? attempt.runAfter);
  return {
    params,
    run: {
      id: attempt.runId,
      dagId: attempt.dagId,
      type: RUN_TYPES[attempt.runType] ?? 'manual',
      logicalDate,
      interval: {
        start: new Date(attempt.dataIntervalStart ?? logicalDate),
        end: new Date(attempt.dataIntervalEnd ?? logicalDate),
      },
      get isLatest() {
        return isLatest(attempt, now());
      },
    },
    task: { id: attempt.taskId, attempt: attempt.tryNumber, mapIndex: attempt.mapIndex, expandedCount: attempt.mapLength ?? null },
    signal: host.signal,
    log: makeLog(host),
    conn: <T>(id: string) => host.request({ what: 'connection', id }) as Promise<T>,
    variable: async (key) => ((await host.request({ what: 'variable', key })) ?? null) as string | null,
    xcom: xcomDesk(host),
    state: stateDesk(host),
    event: eventOf(attempt),
    template: (text, values) => templates.render(text, values),
    heartbeat: (progress) => host.heartbeat(progress ?? null),
    idempotencyKey: attempt.idempotencyKey,
    get scratch() {
      mkdirSync(attempt.scratchFolder, { recursive: true });
      return attempt.scratchFolder;
    },
    macros,
    outlets: { get: (of) => assets.outlet(of) },
    emit: (of, options) => assets.emit(of, options),
    inletEvents: (of, query) => assets.inletEvents(of, query),
    triggeringAssetEvents: triggeringEventsOf(attempt),
    partitionKey: attempt.partitionKey ?? null,
  };
}

/** What the body waited for, or null in an attempt that did not. */
function eventOf({ resumed }: AttemptContext): WaitEvent | null {
  if (resumed === undefined) return null;
  return { value: decodeValue(resumed.event), state: decodeValue(resumed.state) };
}

/** Airflow's window: after the end of the run's own interval, and not after that of the next run's. */
function isLatest({ runType, dataIntervalEnd, logicalDate, runAfter, nextIntervalEnd }: AttemptContext, at: Date): boolean {
  if (runType === 'manual' || nextIntervalEnd === null || nextIntervalEnd === undefined) return true;
  const left = Date.parse(dataIntervalEnd ?? logicalDate ?? runAfter);
  return left < at.getTime() && at.getTime() <= Date.parse(nextIntervalEnd);
}

/** Group lines carry these fields, by which the log viewer folds. */
function makeLog(host: TaskHost): TaskLog {
  const at = (level: LogLevel) => (message: string, fields?: object) => host.log(level, asText(message), plainFields(fields));
  const info = at('info');
  return {
    debug: at('debug'),
    info,
    warn: at('warning'),
    error: at('error'),
    async group(name, run) {
      info(`::group::${name}`);
      try {
        return await run();
      } finally {
        info('::endgroup::');
      }
    },
  };
}

function asText(message: unknown): string {
  try {
    return typeof message === 'string' ? message : message instanceof Error ? (message.stack ?? message.message) : inspect(message);
  } catch {
    return '(a message that cannot be shown as text)';
  }
}

const FIELDS_MAX_CHARS = 64 * 1024;

/** Logging must never fail a task: fields that are no JSON are said so. */
function plainFields(fields: object | undefined): Readonly<Record<string, unknown>> | undefined {
  if (fields === undefined || fields === null) return undefined;
  try {
    const text = JSON.stringify(fields, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value instanceof Error ? (value.stack ?? value.message) : value,
    );
    if (text !== undefined && text.length > FIELDS_MAX_CHARS)
      return { fields_dropped: `${text.length} characters are more than ${FIELDS_MAX_CHARS}` };
    const plain: unknown = JSON.parse(text ?? '{}');
    return typeof plain === 'object' && plain !== null && !Array.isArray(plain) ? (plain as Record<string, unknown>) : { value: plain };
  } catch {
    // A cycle, or a toJSON that throws: shown as text, each by itself.
    return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, asText(value)]));
  }
}
