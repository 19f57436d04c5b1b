/** Passes changes on to the pages: many rings within a moment become one message to each open page. */
import type { Broker } from '#platform/broker/broker.ts';
import type { UiEvent } from '#platform/broker/messages.ts';
import type { Clock, Timer } from '#platform/clock.ts';

const COALESCE_MS = 250;
/** Past this many topics in a moment, one "*" says it all. */
const MAX_TOPICS = 50;

export class UiEvents {
  readonly #clock: Clock;
  readonly #listeners = new Set<(topics: readonly string[]) => void>();
  readonly #topics = new Set<string>();
  #timer: Timer | null = null;
  #unlisten: (() => Promise<void>) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async start(broker: Broker): Promise<void> {
    this.#unlisten = await broker.listen('ui_events', (message) => this.hear(message));
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.#unlisten?.();
    this.#unlisten = null;
    this.#listeners.clear();
  }

  /** Calls `listener` with each batch of topics; returns how to end it. */
  subscribe(listener: (topics: readonly string[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a message of the doorbell; other shapes than a UiEvent are ignored. */
  hear(message: unknown): void {
    const topics = (message as Partial<UiEvent> | null)?.topics;
    if (!Array.isArray(topics)) return;
    for (const topic of topics) if (typeof topic === 'string' && isShown(topic)) this.#topics.add(topic);
    if (this.#topics.size > 0) this.#timer ??= this.#clock.after(COALESCE_MS, () => this.#flush());
  }

  #flush(): void {
    this.#timer = null;
    const topics = this.#topics.size > MAX_TOPICS ? ['*'] : [...this.#topics];
    this.#topics.clear();
    for (const listener of this.#listeners) listener(topics);
  }
}

/** The monitor shows workers and tasks, and nothing of the rest. */
function isShown(topic: string): boolean {
  return topic === 'workers' || topic.startsWith('run:');
}
