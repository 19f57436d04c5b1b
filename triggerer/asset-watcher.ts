/**
 * Looks at the places of watched assets and writes an event when one has changed. Several triggerers share the rows by
 * lease; the event is written with the mark it was made from, so that a change is told once whatever dies between.
 */

import type { WatchSpec } from '#core/assets/watch.ts';
import { assertNever } from '#core/errors.ts';
import { claimAssetWatches, type DueWatch, saveAssetLook } from '#platform/db/queries/assets/asset-watches.ts';
import { probe } from '#platform/probes/probe.ts';
import { lookAtAsset, type Sight } from '#platform/waiting/look-asset.ts';
import type { TriggererDeps } from './deps.ts';

const AT_ONCE_MAX = 32;
/** Longer than any look takes. */
const LEASE_MS = 60_000;
const NOTE_MAX_CHARS = 500;

export class AssetWatcher {
  readonly #owner: string;
  readonly #deps: TriggererDeps;
  readonly #stop = new AbortController();

  constructor(owner: string, deps: TriggererDeps) {
    this.#owner = owner;
    this.#deps = deps;
  }

  /** One round over what is due. Returns 0 when there may be more. */
  async runOnce(): Promise<number | undefined> {
    const due = await claimAssetWatches(this.#deps.db, { owner: this.#owner, leaseMs: LEASE_MS, max: AT_ONCE_MAX });
    await Promise.all(due.map((watch) => this.#lookOnce(watch)));
    return due.length === AT_ONCE_MAX ? 0 : undefined;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #lookOnce(due: DueWatch): Promise<void> {
    const { db, secrets, masker, logger, broker } = this.#deps;
    let sight: Sight | null = null;
    let note: string | null = null;
    try {
      sight = await lookAtAsset(due.watch, { secrets, signal: this.#stop.signal });
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      note = masker.mask((error as Error).message).slice(0, NOTE_MAX_CHARS);
      logger.warn(
        { event: 'asset_watch.failed', asset: due.name, err: note },
        'a watched asset could not be looked at; it is looked at again',
      );
    }
    const mark = markOf(due.watch, sight);
    // What goes away is no event; what comes back is one.
    const isEvent = mark !== null && due.hasLooked && mark !== due.mark && isOfSamePlace(due.watch, due.mark);
    if (isEvent) probe('assetWatch.before_save');
    const dagIds = await saveAssetLook(db, {
      assetId: due.assetId,
      owner: this.#owner,
      mark,
      isEvent,
      extra: sight?.extra ?? {},
      everyMs: due.watch.everyMs,
      note,
    });
    if (dagIds === null || !isEvent) return;
    probe('assetWatch.after_save');
    logger.info({ event: 'asset.changed', asset: due.name, dags: dagIds.length }, 'a watched asset has changed');
    if (dagIds.length > 0) broker.ring('asset_events_queued', { dagIds });
    broker.ring('ui_events', { topics: ['assets', ...dagIds.map((dagId) => `dag:${dagId}`)] });
  }
}

/** With the place it was seen at: when an author watches another one, what is there is known, and no event. */
function markOf(watch: WatchSpec, sight: Sight | null): string | null {
  return sight === null || sight.mark === null ? null : JSON.stringify([placeOf(watch), sight.mark]);
}

function isOfSamePlace(watch: WatchSpec, mark: string | null): boolean {
  return mark === null || (JSON.parse(mark) as readonly string[])[0] === placeOf(watch);
}

function placeOf(watch: WatchSpec): string {
  switch (watch.kind) {
    case 'file':
      return watch.path;
    case 'http':
      return watch.url;
    case 'sql':
      return `${watch.connection}: ${watch.sql}`;
    default:
      return assertNever(watch);
  }
}
