/**
 * Sends what runs and tasks did as events of OpenLineage, to an HTTP endpoint or into a file. It listens like a plugin: the rows were written by
 * the transactions that made it so, and go when they were sent, so that each event is sent at least once. Schedulers share the
 * sending: what one of them has taken goes out in order.
 */
import { createHash } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { dagRunEventOf, type LineageEventType, runEventOf } from '#core/open-lineage/run-event.ts';
import type { ListenerName } from '#core/plugin-protocol.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { findLineage, findRunId } from '#platform/db/queries/assets/find-lineage.ts';
import { removeOldPluginEvents, removePluginEvents } from '#platform/db/queries/plugins/remove-plugin-events.ts';
import { type TakenPluginEvent, takePluginEvents } from '#platform/db/queries/plugins/take-plugin-events.ts';
import { WINDLASS_VERSION } from '#platform/version.ts';

/** A plugin's file cannot be called so. */
export const OPEN_LINEAGE = 'windlass:openlineage';

const TYPES = {
  onDagRunRunning: 'START',
  onDagRunSuccess: 'COMPLETE',
  onDagRunFailed: 'FAIL',
  onTaskInstanceRunning: 'START',
  onTaskInstanceSuccess: 'COMPLETE',
  onTaskInstanceSkipped: 'COMPLETE',
  onTaskInstanceFailed: 'FAIL',
} as const satisfies Readonly<Partial<Record<ListenerName, LineageEventType>>>;

export const LINEAGE_LISTENERS = Object.keys(TYPES) as readonly (keyof typeof TYPES)[];

const BATCH = 50;
const SEND_MS = 10_000;
/** For what is taken and not sent then, another may come. */
const HOLD_MS = 30_000;
/** An endpoint that is away for longer loses the oldest. */
const KEPT_MS = 24 * 3_600_000;

export interface SenderDeps {
  readonly config: Config;
  readonly db: Database;
  readonly clock: Clock;
  /** What people should know. */
  readonly onFault: (what: string) => void;
}

/** One batch. Returns whether there may be more; rejects when the endpoint cannot be reached, and what is left is sent later. */
export async function sendLineage({ config, db, clock, onFault }: SenderDeps): Promise<boolean> {
  const dropped = await removeOldPluginEvents(db, OPEN_LINEAGE, KEPT_MS);
  if (dropped > 0) onFault(`${dropped} events were never accepted and are older than a day: they were dropped`);
  // Nothing is begun that might still be on its way when another takes it.
  const untilMs = clock.monotonic() + HOLD_MS - SEND_MS;
  const taken = await takePluginEvents(db, OPEN_LINEAGE, BATCH, HOLD_MS);
  for (const one of taken) {
    if (clock.monotonic() >= untilMs) return false;
    const event = await eventOf(config, db, one);
    if (event !== null) await deliver(config, event, onFault);
    await removePluginEvents(db, [one.eventId]);
  }
  return taken.length === BATCH;
}

interface Told {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId?: string;
  readonly mapIndex?: number;
  readonly tryNumber?: number;
  readonly reason?: string | null;
}

/** Null: the run is gone meanwhile. */
async function eventOf(config: Config, db: Database, { listener, event, at }: TakenPluginEvent): Promise<object | null> {
  const told = event as Told;
  const type = TYPES[listener as keyof typeof TYPES];
  const { dagId, runId, taskId, mapIndex = -1 } = told;
  const common = { type, at: at.toISOString(), dagId, namespace: config.openLineageNamespace };
  if (taskId === undefined) {
    const dagRunId = await findRunId(db, dagId, runId);
    return dagRunId === null ? null : dagRunEventOf({ ...common, runId: dagRunId });
  }
  const lineage = await findLineage(db, { dagId, runId, taskId, mapIndex });
  if (lineage === null) return null;
  return runEventOf({
    ...common,
    taskId,
    runId: uuidOf(`${lineage.taskInstanceId}/${told.tryNumber ?? 1}`),
    dagRunId: lineage.dagRunId,
    version: WINDLASS_VERSION,
    logicalDate: lineage.logicalDate?.toISOString() ?? null,
    message: told.reason ?? null,
    inputs: lineage.inputs,
    outputs: lineage.outputs,
  });
}

/** The same for the same text: the start and the end of a try are told apart in time, and belong together. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

async function deliver(config: Config, event: object, onFault: (what: string) => void): Promise<void> {
  const to = config.openLineageTo;
  if (!/^https?:\/\//.test(to)) {
    await mkdir(dirname(to), { recursive: true });
    await appendFile(to, `${JSON.stringify(event)}\n`);
    return;
  }
  const key = config.openLineageApiKey;
  const answer = await fetch(to, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key.isSet && { authorization: `Bearer ${key.reveal()}` }) },
    body: JSON.stringify(event),
    signal: AbortSignal.timeout(SEND_MS),
  });
  const said = (await answer.text()).slice(0, 300);
  if (answer.ok) return;
  // What it will never take must not hold up the others.
  if (answer.status < 500 && answer.status !== 408 && answer.status !== 429 && answer.status !== 401 && answer.status !== 403)
    return onFault(`the endpoint refused an event with ${answer.status}: ${said}`);
  throw new Error(`the endpoint answered ${answer.status}: ${said}`);
}
