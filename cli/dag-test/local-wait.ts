/** What `dags test` does where a triggerer would: looks at a waiter in this process. */
import { intervalOf } from '#core/waiting/kinds.ts';
import { softened, timeoutEnd, type Waiter, type WaiterEnd } from '#core/waiting/waiter.ts';
import type { Clock } from '#platform/clock.ts';
import type { LookDeps } from '#platform/waiting/look.ts';
import { look, type Seen } from '#platform/waiting/look.ts';

/** Nobody wants to wait for tomorrow at a debugger: a time further away comes at once. */
const TIME_MAX_MS = 10_000;

/** Never rejects. */
export async function waitHere(waiter: Waiter, words: string, clock: Clock, deps: Omit<LookDeps, 'signal'>): Promise<WaiterEnd> {
  const until = waiter.timeoutMs === null ? Number.POSITIVE_INFINITY : clock.monotonic() + waiter.timeoutMs;
  for (;;) {
    const end = endOf(waiter, await lookHere(waiter, clock, deps));
    if (end !== null) return softened(end, waiter.softFail);
    const leftMs = until - clock.monotonic();
    if (leftMs <= 0) return timeoutEnd(waiter, words);
    await clock.sleep(Math.min(leftMs, intervalOf(waiter.kind, waiter.everyMs)));
  }
}

async function lookHere(waiter: Waiter, clock: Clock, deps: Omit<LookDeps, 'signal'>): Promise<Seen> {
  const { kind, args } = waiter;
  switch (kind) {
    case 'time': {
      const waitMs = Date.parse(String(args['at'])) - clock.now();
      if (waitMs <= TIME_MAX_MS) await clock.sleep(waitMs);
      return { seen: 'found', value: null };
    }
    case 'http':
    case 'file':
    case 'sql':
      try {
        return await look(kind, args, { ...deps, signal: new AbortController().signal });
      } catch (error) {
        return { seen: 'nothing', note: (error as Error).message };
      }
    default:
      return {
        seen: 'hopeless',
        error: {
          name: 'NotHere',
          message: `dags test runs one DAG by itself: nothing here brings what this waits for (${kind}). Run it with npm start.`,
        },
        retryable: false,
      };
  }
}

function endOf({ onFound }: Waiter, seen: Seen): WaiterEnd | null {
  switch (seen.seen) {
    case 'nothing':
      return null;
    case 'found':
      return onFound === 'succeed' ? { end: 'succeed', value: seen.value } : { end: 'wake', event: seen.value };
    case 'skip':
      return { end: 'skip', reason: seen.reason };
    case 'hopeless':
      return { end: 'fail', error: seen.error, retryable: seen.retryable };
  }
}
