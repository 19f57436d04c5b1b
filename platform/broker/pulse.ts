/**
 * Tells a dead connection from a quiet one: asks something from time to time, and gives the connection up when no answer
 * comes. A network that drops packets silently says nothing by itself, for hours.
 */
import type { Clock } from '#platform/clock.ts';

export interface PulseOptions {
  readonly clock: Clock;
  /** Any question whose answer shows life. A rejection counts as an answer: whoever refuses is there. */
  readonly ask: () => Promise<unknown>;
  /** Called when none came: the connection is to be closed and opened again. */
  readonly giveUp: () => void;
  readonly everyMs?: number;
  readonly patienceMs?: number;
}

const EVERY_MS = 10_000;
const PATIENCE_MS = 10_000;

/** Returns what stops it. */
export function keepPulse({ clock, ask, giveUp, everyMs = EVERY_MS, patienceMs = PATIENCE_MS }: PulseOptions): () => void {
  const stop = new AbortController();
  const beat = async () => {
    while (await clock.sleep(everyMs, stop.signal)) {
      const answered = ask().then(
        () => true,
        () => true,
      );
      const alive = await Promise.race([answered, clock.sleep(patienceMs, stop.signal).then(() => false)]);
      if (!alive && !stop.signal.aborted) giveUp();
    }
  };
  void beat();
  return () => stop.abort();
}
