/** What one held watch writes: what was heard, and how it goes. */
import { markAt, seenAt } from '#core/assets/watch.ts';
import { forgetWatchItems, type Heard, type HeldWatch, noteHeardWatch, saveHeard } from '#platform/db/queries/assets/heard-watches.ts';
import { probe } from '#platform/probes/probe.ts';
import type { Connection } from '#platform/secrets/connection.ts';
import { requireConnection } from '#platform/secrets/secret-store.ts';
import type { TriggererDeps } from './deps.ts';
import { tellOfEvents } from './tell-of-events.ts';

const NOTE_MAX_CHARS = 500;

/** The watch is somebody else's now. */
export class WatchLost extends Error {
  override name = 'WatchLost';
}

export class HeardDesk {
  readonly deps: TriggererDeps;
  readonly held: HeldWatch;
  readonly #owner: string;
  /** As it is in Postgres. */
  #mark: string | null;
  #note: string | null = null;
  /** When it surely listened last; null = it never did. */
  heardAt: Date | null;

  constructor(owner: string, held: HeldWatch, deps: TriggererDeps) {
    this.#owner = owner;
    this.held = held;
    this.deps = deps;
    this.#mark = held.mark;
    this.heardAt = held.hasLooked && seenAt(held.watch, held.mark) !== null ? held.heardAt : null;
  }

  /** What was seen at this place before; null = nothing yet. */
  get seen(): string | null {
    return seenAt(this.held.watch, this.#mark);
  }

  async connection(): Promise<Connection> {
    const { secrets, masker } = this.deps;
    const connection = await requireConnection(secrets, this.held.watch.connection);
    masker.add(connection.password);
    return connection;
  }

  /** Throws WatchLost: then nothing was written, and nothing may be acknowledged. */
  async save(seen: string, events: Heard['events'] = [], note: string | null = this.#note): Promise<void> {
    const { assetId, name, watch } = this.held;
    const mark = markAt(watch, seen);
    if (events.length > 0) probe('assetListen.before_save');
    const saved = await saveHeard(this.deps.db, { assetId, owner: this.#owner, mark, note, events });
    if (saved === null) throw new WatchLost();
    this.#mark = mark;
    this.#note = note;
    this.heardAt = saved.heardAt;
    if (saved.events === 0) return;
    probe('assetListen.after_save');
    tellOfEvents(this.deps, name, saved.dagIds, saved.events);
  }

  async forget(items: readonly string[]): Promise<void> {
    await forgetWatchItems(this.deps.db, this.held.assetId, items);
  }

  /** Never rejects: it is said again at the next failure. */
  async noteTrouble(error: Error): Promise<void> {
    if (error instanceof WatchLost) return;
    const { assetId, name } = this.held;
    const note = this.deps.masker.mask(`Not listening: ${error.message}`).slice(0, NOTE_MAX_CHARS);
    this.deps.logger.warn(
      { event: 'asset_watch.failed', asset: name, err: note },
      'a watched asset cannot be listened to; it is tried again',
    );
    await noteHeardWatch(this.deps.db, { assetId, owner: this.#owner, note }).catch(() => {});
  }
}
