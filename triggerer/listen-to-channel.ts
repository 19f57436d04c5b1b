/**
 * Listens to a channel of Postgres. A notification that nobody hears is gone: a query whose first row changes with what is notified shows
 * that there was one, and without such a query the watch says since when nobody listened.
 */
import { createHash } from 'node:crypto';
import type { HeardSpec } from '#core/assets/watch.ts';
import { storable } from '#core/storable.ts';
import { type ListeningConnection, listenOnConnection } from '#platform/db/listen-connection.ts';
import type { Heard } from '#platform/db/queries/assets/heard-watches.ts';
import { type HeardDesk, WatchLost } from './heard-desk.ts';

const BATCH_MAX = 500;
/** Held while our own Postgres is away. */
const WAITING_MAX = 10_000;
const PAYLOAD_MAX_CHARS = 8_000;
const AGAIN_MS = 1_000;
const NO_QUERY = 'listening';

type ChannelSpec = Extract<HeardSpec, { kind: 'notify' }>;
type Event = Heard['events'][number];

/** Resolves when the connection is lost or at the signal, with all that was heard written; rejects when it cannot listen. */
export async function listenToChannel(desk: HeardDesk, watch: ChannelSpec, signal: AbortSignal): Promise<void> {
  const waiting = new Waiting();
  // First listen, then ask: what happens in between is heard, asked for, or both.
  const listening = await listenOnConnection(await desk.connection(), watch.channel, (payload) => waiting.add(payload));
  const ear = new Ear(desk, watch, listening, signal);
  const lost = listening.lost.then(() => waiting.wake());
  signal.addEventListener('abort', waiting.wake, { once: true });
  let isLost = false;
  void lost.then(() => {
    isLost = true;
  });
  try {
    await ear.begin();
    while (!signal.aborted && !isLost) {
      if (waiting.isEmpty) await waiting.more(desk, watch.everyMs);
      if (waiting.isEmpty && !isLost) await ear.look();
      else await ear.tell(waiting);
    }
    await ear.tell(waiting);
  } catch (error) {
    if (!(error instanceof WatchLost)) await ear.tell(waiting);
    throw error;
  } finally {
    signal.removeEventListener('abort', waiting.wake);
    await listening.close();
  }
  if (isLost && !signal.aborted) throw await listening.lost;
}

/** What was heard and is not written yet. */
class Waiting {
  #payloads: string[] = [];
  #resolve: () => void = () => {};
  /** Heard while too many waited. */
  dropped = 0;

  get isEmpty(): boolean {
    return this.#payloads.length === 0;
  }

  readonly wake = (): void => this.#resolve();

  add(payload: string): void {
    if (this.#payloads.length >= WAITING_MAX) this.dropped += 1;
    else this.#payloads.push(payload);
    this.#resolve();
  }

  first(): readonly string[] {
    return this.#payloads.slice(0, BATCH_MAX);
  }

  done(count: number): void {
    this.#payloads = this.#payloads.slice(count);
    if (this.#payloads.length === 0) this.dropped = 0;
  }

  /** Resolves when something was heard, and after `everyMs` at the latest. */
  async more({ deps: { clock } }: HeardDesk, everyMs: number): Promise<void> {
    const abort = new AbortController();
    const heard = new Promise<void>((resolve) => {
      this.#resolve = resolve;
    });
    await Promise.race([heard, clock.sleep(everyMs, abort.signal)]);
    abort.abort();
  }
}

class Ear {
  readonly #desk: HeardDesk;
  readonly #watch: ChannelSpec;
  readonly #listening: ListeningConnection;
  readonly #signal: AbortSignal;

  constructor(desk: HeardDesk, watch: ChannelSpec, listening: ListeningConnection, signal: AbortSignal) {
    this.#desk = desk;
    this.#watch = watch;
    this.#listening = listening;
    this.#signal = signal;
  }

  /** Says that it listens, and what is not known of the time before. */
  async begin(): Promise<void> {
    const { heardAt } = this.#desk;
    if (this.#watch.catchUp !== undefined || heardAt === null) return this.look(null);
    const [from, to] = [heardAt, new Date(this.#desk.deps.clock.now())].map((at) => at.toISOString());
    await this.look(`Nobody listened between ${from} and ${to}: what was notified then is not known. A "catchUp" query would show it.`);
  }

  /** A row that is another one without a word is told of, too. */
  async look(note?: string | null): Promise<void> {
    const { row, seen } = await this.#row();
    const before = this.#desk.seen;
    const events = before === null || before === seen ? [] : [{ item: null, extra: { channel: this.#watch.channel, caughtUp: true, row } }];
    await this.#desk.save(seen, events, note);
  }

  /** What was heard is kept until it is written, or the watch is somebody else's. */
  async tell(waiting: Waiting): Promise<void> {
    while (!waiting.isEmpty) {
      const payloads = waiting.first();
      try {
        await this.#save(payloads, waiting.dropped);
        waiting.done(payloads.length);
      } catch (error) {
        if (error instanceof WatchLost) throw error;
        if (!(await this.#desk.deps.clock.sleep(AGAIN_MS, this.#signal))) return;
      }
    }
  }

  async #save(payloads: readonly string[], dropped: number): Promise<void> {
    // The connection may be lost by now; then the next look finds another row.
    const { seen } = await this.#row().catch(() => ({ seen: this.#desk.seen ?? NO_QUERY }));
    const { channel } = this.#watch;
    const events: Event[] = payloads.map((payload) => ({ item: null, extra: { channel, payload: storable(payload, PAYLOAD_MAX_CHARS) } }));
    if (dropped > 0) events.push({ item: null, extra: { channel, notTold: dropped } });
    await this.#desk.save(seen, events);
  }

  async #row(): Promise<{ readonly row: unknown; readonly seen: string }> {
    const row = await this.#listening.firstRow(this.#watch.catchUp ?? 'select 1');
    if (this.#watch.catchUp === undefined) return { row: null, seen: NO_QUERY };
    return {
      row,
      seen: createHash('sha256')
        .update(JSON.stringify(row) ?? '')
        .digest('hex'),
    };
  }
}
