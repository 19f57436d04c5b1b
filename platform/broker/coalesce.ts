/**
 * Merges messages that are rung close together into one: at most one send is in flight a channel, and what is
 * rung meanwhile is merged into the next. Lists of the same key are united.
 */
import type { Clock } from '#platform/clock.ts';
import type { Channel } from './broker.ts';
import { encodeMessage } from './message-wire.ts';

type Message = Record<string, readonly unknown[] | unknown>;

const ITEMS_MAX = 500;
/** More than this while one is being sent, and they are not kept: the empty message says to look at everything. */
const PENDING_MAX = 5_000;
const LOOK_AT_EVERYTHING: Message = {};
/** After a send the next one waits this long: eyes see no difference, and each message wakes every process that listens. */
const REST_MS: Partial<Readonly<Record<Channel, number>>> = { ui_events: 50 };

export class Coalescer {
  readonly #send: (channel: Channel, text: string) => Promise<void>;
  readonly #itemsMax: number;
  readonly #clock: Pick<Clock, 'sleep'>;
  /** Nobody rests any more. */
  readonly #hurry = new AbortController();
  readonly #pending = new Map<Channel, Message[]>();
  /** A pump per channel that has something to send. */
  readonly #sending = new Map<Channel, Promise<void>>();

  /** `itemsMax`: a longer list is sent in parts. */
  constructor(send: (channel: Channel, text: string) => Promise<void>, clock: Pick<Clock, 'sleep'>, itemsMax = ITEMS_MAX) {
    this.#send = send;
    this.#clock = clock;
    this.#itemsMax = itemsMax;
  }

  ring(channel: Channel, message: object): void {
    const list = this.#pending.get(channel);
    if (list && list.length >= PENDING_MAX) this.#pending.set(channel, [LOOK_AT_EVERYTHING]);
    else if (list && list[0] !== LOOK_AT_EVERYTHING) list.push(message as Message);
    else if (list) return;
    else this.#pending.set(channel, [message as Message]);
    if (!this.#sending.has(channel)) {
      const pump = new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#pump(channel));
      this.#sending.set(channel, pump);
    }
  }

  /** Resolves when everything rung so far was sent or dropped: a short-lived process rings and ends. From then on nothing rests. */
  async flushed(): Promise<void> {
    this.#hurry.abort();
    await Promise.all(this.#sending.values());
  }

  /** A lost ring is repaired by a sweep, so a failed send is dropped. */
  async #pump(channel: Channel): Promise<void> {
    for (let batch = this.#take(channel); batch !== null; batch = this.#take(channel)) {
      for (const message of mergeMessages(batch, this.#itemsMax)) await this.#send(channel, encodeMessage(message)).catch(() => {});
      const restMs = REST_MS[channel];
      if (restMs !== undefined) await this.#clock.sleep(restMs, this.#hurry.signal);
    }
    this.#sending.delete(channel);
  }

  #take(channel: Channel): Message[] | null {
    const batch = this.#pending.get(channel);
    this.#pending.delete(channel);
    return batch ?? null;
  }
}

/** Unites messages whose values are all lists; others pass as they are. Lists are cut at `itemsMax`. */
export function mergeMessages(messages: readonly Message[], itemsMax = ITEMS_MAX): readonly Message[] {
  const single = messages.filter((message) => !Object.values(message).every(Array.isArray));
  const lists = messages.filter((message) => Object.values(message).every(Array.isArray));
  if (lists.length === 0) return single;
  const merged = new Map<string, Set<unknown>>();
  for (const message of lists)
    for (const [key, values] of Object.entries(message)) {
      const set = merged.get(key) ?? new Set();
      for (const value of values as readonly unknown[]) set.add(value);
      merged.set(key, set);
    }
  const longest = Math.max(...[...merged.values()].map((set) => set.size));
  const chunks: Message[] = [];
  for (let start = 0; start < Math.max(1, longest); start += itemsMax)
    chunks.push(
      Object.fromEntries([...merged].map(([key, set]) => [key, set.size <= itemsMax ? [...set] : [...set].slice(start, start + itemsMax)])),
    );
  return [...single, ...chunks];
}
