/**
 * Listens to what watched assets are notified of. Each is listened to by one triggerer, which holds its row by a lease that it renews; when it
 * dies, another one goes on. What was heard is written with a fence: whoever lost the lease writes nothing, and acknowledges nothing.
 */
import { type HeardSpec, placeOf } from '#core/assets/watch.ts';
import { assertNever } from '#core/errors.ts';
import { type HeldWatch, holdHeardWatches, releaseWatches } from '#platform/db/queries/assets/heard-watches.ts';
import type { TriggererDeps } from './deps.ts';
import { HeardDesk } from './heard-desk.ts';
import { listenToChannel } from './listen-to-channel.ts';
import { readStream } from './read-stream.ts';

/** Each has a connection of its own. */
const HELD_MAX = 64;
const AGAIN_MS = 1_000;
const AGAIN_MAX_MS = 30_000;

interface Listening {
  readonly place: string;
  readonly abort: AbortController;
  readonly ended: Promise<void>;
}

export class AssetListeners {
  readonly #owner: string;
  readonly #deps: TriggererDeps;
  readonly #listening = new Map<number, Listening>();

  constructor(owner: string, deps: TriggererDeps) {
    this.#owner = owner;
    this.#deps = deps;
  }

  get size(): number {
    return this.#listening.size;
  }

  /** One round: renews what it has, takes what nobody has, lets go of what it lost. */
  async runOnce(): Promise<undefined> {
    const { db, config } = this.#deps;
    const held = await holdHeardWatches(db, { owner: this.#owner, leaseMs: config.leaseTtlMs, max: HELD_MAX });
    const places = new Map(held.map((watch) => [watch.assetId, placeOf(watch.watch)]));
    for (const [assetId, { place, abort }] of this.#listening) {
      if (places.get(assetId) === place) continue;
      abort.abort();
      this.#listening.delete(assetId);
    }
    for (const watch of held) if (!this.#listening.has(watch.assetId)) this.#listen(watch);
  }

  /** Resolves when nothing is listened to any more, and others may take over. */
  async stop(): Promise<void> {
    const all = [...this.#listening.values()];
    this.#listening.clear();
    for (const { abort } of all) abort.abort();
    await Promise.all(all.map(({ ended }) => ended));
    await releaseWatches(this.#deps.db, this.#owner);
  }

  #listen(held: HeldWatch): void {
    const abort = new AbortController();
    const ended = this.#run(held, abort.signal);
    this.#listening.set(held.assetId, { place: placeOf(held.watch), abort, ended });
  }

  /** Until it is told to stop, whatever fails. */
  async #run(held: HeldWatch, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    const desk = new HeardDesk(this.#owner, held, this.#deps);
    for (let failures = 0; !signal.aborted; failures++) {
      const since = clock.monotonic();
      try {
        await hear(desk, held.watch, signal);
      } catch (error) {
        if (signal.aborted) return;
        await desk.noteTrouble(error as Error);
      }
      // What held for a while was no failure in a row.
      if (clock.monotonic() - since > AGAIN_MAX_MS) failures = 0;
      await clock.sleep(Math.min(AGAIN_MAX_MS, AGAIN_MS * 2 ** failures), signal).catch(() => {});
    }
  }
}

/** Resolves or rejects when it must begin anew, or at the signal. */
function hear(desk: HeardDesk, watch: HeardSpec, signal: AbortSignal): Promise<void> {
  switch (watch.kind) {
    case 'notify':
      return listenToChannel(desk, watch, signal);
    case 'stream':
      return readStream(desk, watch, signal);
    default:
      return assertNever(watch);
  }
}
