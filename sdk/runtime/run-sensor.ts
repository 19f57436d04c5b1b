/** Asks a sensor's check: once, or again and again in this process (mode "poke"). */

import type { SensorSpec } from '#core/dag-spec.ts';
import { parseDuration } from '#core/duration.ts';
import type { BodyResult, RunMessage } from '#core/task-protocol.ts';
import { nextLookInMs } from '#core/waiting/sensor-rules.ts';
import { brandOf, OUTCOME } from '../brands.ts';
import type { TaskDefinition } from '../definition.ts';
import { Fatal, notYet } from '../outcomes.ts';
import { reportOf } from './body-error.ts';
import type { TaskHost } from './task-host.ts';

export type Checked = { readonly returned: unknown } | { readonly result: BodyResult };

/** `check` is the author's. Rejects with Fatal when the time is up, and with whatever ends the check otherwise. */
export async function runSensor(task: TaskDefinition, { context }: RunMessage, host: TaskHost, check: () => unknown): Promise<Checked> {
  const { sensor } = task;
  const startedAtMs = context.firstStartedAt === null ? Date.now() : Date.parse(context.firstStartedAt);
  for (let isFirst = context.firstStartedAt === null; ; isFirst = false) {
    const returned = await askOnce(sensor, check, host);
    if (brandOf(returned, OUTCOME) !== 'pending') return { returned };
    if (sensor === null) throw new Fatal(`"${task.id}" returned notYet(), which only a sensor may. Make it with sensor(...).`);
    const { again, note } = returned as { readonly again: unknown; readonly note: string | null };
    const elapsedMs = isFirst ? 0 : Math.max(0, Date.now() - startedAtMs);
    if (elapsedMs >= sensor.timeoutMs) return timedOut(sensor, note);
    const asked = parseDuration(again);
    const afterMs = asked === null ? nextLookInMs(sensor, elapsedMs) : Math.min(asked, sensor.timeoutMs - elapsedMs);
    if (sensor.mode !== 'poke') return { result: { outcome: 'reschedule', afterMs, note: note ?? null } };
    await sleep(afterMs, host.signal);
  }
}

async function askOnce(sensor: SensorSpec | null, check: () => unknown, host: TaskHost): Promise<unknown> {
  try {
    return await check();
  } catch (thrown) {
    // Skip, Fatal and RetryAfter are meant.
    if (sensor?.silentFail !== true || brandOf(thrown, OUTCOME) !== undefined) throw thrown;
    const { stack, message } = reportOf(thrown);
    host.log('warning', `the check failed, which counts as "not yet" (silentFail): ${stack || message}`);
    return notYet({ note: message });
  }
}

function timedOut(sensor: SensorSpec, note: string | null): Checked {
  const reason = `the sensor did not find what it waits for within ${sensor.timeoutMs} ms${note ? ` (${note})` : ''}`;
  if (sensor.onTimeout === 'skip') return { result: { outcome: 'skipped', reason } };
  throw Object.assign(new Fatal(reason), { name: 'SensorTimeout' });
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
