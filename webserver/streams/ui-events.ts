/**
 * Passes changes on to open pages: one listener on the broker for the whole web server, fanned out, and for
 * each page at most ten messages a second, whatever the number of rings.
 */
import { AppError } from '#core/errors.ts';
import type { Broker } from '#platform/broker/broker.ts';
import type { Clock, Timer } from '#platform/clock.ts';
import type { SseStream } from './sse.ts';

const MIN_GAP_MS = 100;
const MAX_STREAMS = 500;
/** More topics than this in one message say no more than the widest of them. */
const MAX_TOPICS = 200;

interface Subscriber {
  readonly stream: SseStream;
  readonly waiting: Set<string>;
  timer: Timer | null;
  lastSentMs: number;
}

export class UiEvents {
  readonly #clock: Clock;
  readonly #subscribers = new Set<Subscriber>();
  readonly #onChange: (() => void)[] = [];
  #unlisten: (() => Promise<void>) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async start(broker: Broker): Promise<void> {
    this.#unlisten = await broker.listen('ui_events', (message) => this.hear(message));
  }

  /** Ends every stream. */
  async stop(): Promise<void> {
    for (const subscriber of this.#subscribers) subscriber.stream.close();
    await this.#unlisten?.();
    this.#unlisten = null;
  }

  /** Throws TOO_MANY_REQUESTS when too many pages are open already. Call before the stream is opened. */
  refuseWhenFull(): void {
    if (this.#subscribers.size >= MAX_STREAMS)
      throw new AppError(
        'TOO_MANY_REQUESTS',
        `This web server serves ${MAX_STREAMS} open pages already. Close some, or start another web server.`,
      );
  }

  add(stream: SseStream): void {
    const subscriber: Subscriber = { stream, waiting: new Set(), timer: null, lastSentMs: Number.NEGATIVE_INFINITY };
    this.#subscribers.add(subscriber);
    stream.signal.addEventListener('abort', () => {
      subscriber.timer?.cancel();
      this.#subscribers.delete(subscriber);
    });
  }

  /** Calls back at every change, before any page hears of it: for reads that are kept for a moment. */
  onChange(listener: () => void): void {
    this.#onChange.push(listener);
  }

  /** Takes one message of the doorbell; anything that is no UiEvent is ignored. */
  hear(message: unknown): void {
    const topics = (message as { topics?: unknown } | null)?.topics;
    if (!Array.isArray(topics)) return;
    for (const listener of this.#onChange) listener();
    const texts = topics.filter((topic): topic is string => typeof topic === 'string' && topic.length <= 600);
    if (texts.length > 0) for (const subscriber of this.#subscribers) this.#offer(subscriber, texts);
  }

  #offer(subscriber: Subscriber, topics: readonly string[]): void {
    for (const topic of topics) if (subscriber.waiting.size < MAX_TOPICS) subscriber.waiting.add(topic);
    if (subscriber.timer) return;
    const waitMs = subscriber.lastSentMs + MIN_GAP_MS - this.#clock.monotonic();
    if (waitMs <= 0) this.#flush(subscriber);
    else subscriber.timer = this.#clock.after(waitMs, () => this.#flush(subscriber));
  }

  #flush(subscriber: Subscriber): void {
    subscriber.timer = null;
    subscriber.lastSentMs = this.#clock.monotonic();
    const topics = [...subscriber.waiting];
    subscriber.waiting.clear();
    subscriber.stream.send('change', { topics });
  }
}
