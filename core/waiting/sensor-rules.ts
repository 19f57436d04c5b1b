/** What is special about a sensor that fails, and about when it looks again. */
import type { SensorSpec } from '../dag-spec.ts';
import { formatDuration } from '../duration.ts';
import type { Waiter } from './waiter.ts';

/** softFail: once no try is left; neverFail: at once. */
export function skipsInsteadOfFailing(sensor: SensorSpec | null, willRetry: boolean): boolean {
  if (sensor === null) return false;
  return sensor.neverFail === true || (sensor.softFail === true && !willRetry);
}

/**
 * The wait before the next look. Waits of every, every*b, every*b² … sum up to what has elapsed, which gives the next
 * one without counting; never longer than `maxWaitMs`, never past the time limit.
 */
export function nextLookInMs(sensor: SensorSpec, elapsedMs: number): number {
  const grown = sensor.everyMs + elapsedMs * (sensor.backoff - 1);
  return Math.round(Math.max(0, Math.min(grown, sensor.maxWaitMs ?? Number.POSITIVE_INFINITY, sensor.timeoutMs - elapsedMs)));
}

/** How a wait of a sensor ends: running out of time is never tried again. */
export function waiterOfSensor(sensor: SensorSpec): Pick<Waiter, 'timeoutMs' | 'onTimeout' | 'softFail'> {
  const message = `the sensor did not find what it waits for within ${formatDuration(sensor.timeoutMs)}`;
  return {
    timeoutMs: sensor.timeoutMs,
    onTimeout:
      sensor.onTimeout === 'skip'
        ? { end: 'skip', reason: message }
        : { end: 'fail', error: { name: 'SensorTimeout', message }, retryable: false },
    softFail: sensor.softFail === true || sensor.neverFail === true,
  };
}
