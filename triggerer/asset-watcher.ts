/**
 * Looks at the places of watched assets and writes an event when one has changed. Several triggerers share the rows by
 * lease; the event is written with the mark it was made from, so that a change is told once whatever dies between.
 */

import { type LookedSpec, markAt, seenAt } from '#core/assets/watch.ts';
import { claimAssetWatches, type DueWatch, saveAssetLook } from '#platform/db/queries/assets/asset-watches.ts';
import { saveObjectLook } from '#platform/db/queries/assets/save-object-look.ts';
import { probe } from '#platform/probes/probe.ts';
import { lookAtAsset, type Sight } from '#platform/waiting/look-asset.ts';
import { lookAtObjects, type ObjectsSight } from '#platform/waiting/look-objects.ts';
import type { TriggererDeps } from './deps.ts';
import { tellOfEvents } from './tell-of-events.ts';

const AT_ONCE_MAX = 32;
/** Longer than any look takes. */
const LEASE_MS = 60_000;
const NOTE_MAX_CHARS = 500;

type ObjectsSpec = Extract<LookedSpec, { kind: 'objects' }>;
type OneSpec = Exclude<LookedSpec, ObjectsSpec>;

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
    const ttlMs = this.#deps.config.leaseTtlMs;
    const due = await claimAssetWatches(this.#deps.db, { owner: this.#owner, leaseMs: LEASE_MS, ttlMs, max: AT_ONCE_MAX });
    // All are over before the next round takes up what one of them has left behind.
    const looks = await Promise.allSettled(due.map((watch) => this.#lookOnce(watch)));
    const failed = looks.find((look) => look.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return due.length === AT_ONCE_MAX ? 0 : undefined;
  }

  stop(): void {
    this.#stop.abort();
  }

  async #lookOnce(due: DueWatch): Promise<void> {
    const look = { secrets: this.#deps.secrets, signal: this.#stop.signal };
    const { watch } = due;
    try {
      if (watch.kind === 'objects') await this.#saveObjects(due, watch, await lookAtObjects(watch, look));
      else await this.#saveSight(due, watch, await lookAtAsset(watch, look));
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const note = this.#deps.masker.mask((error as Error).message).slice(0, NOTE_MAX_CHARS);
      this.#deps.logger.warn(
        { event: 'asset_watch.failed', asset: due.name, err: note },
        'a watched asset could not be looked at; it is looked at again',
      );
      await saveAssetLook(this.#deps.db, { ...this.#lookOf(due), mark: null, isEvent: false, extra: {}, note });
    }
  }

  async #saveSight(due: DueWatch, watch: OneSpec, sight: Sight): Promise<void> {
    const mark = sight.mark === null ? null : markAt(watch, sight.mark);
    // What goes away is no event; what comes back is one. When an author watches another place, what is there is known, and no event.
    const isSamePlace = due.mark === null || seenAt(watch, due.mark) !== null;
    const isEvent = mark !== null && due.hasLooked && mark !== due.mark && isSamePlace;
    beforeSave(isEvent);
    const dagIds = await saveAssetLook(this.#deps.db, { ...this.#lookOf(due), mark, isEvent, extra: sight.extra, note: null });
    if (dagIds === null || !isEvent) return;
    probe('assetWatch.after_save');
    tellOfEvents(this.#deps, due.name, dagIds, 1);
  }

  async #saveObjects(due: DueWatch, watch: ObjectsSpec, sight: ObjectsSight): Promise<void> {
    const mark = markAt(watch, sight.mark);
    if (mark === due.mark) {
      await saveAssetLook(this.#deps.db, { ...this.#lookOf(due), mark, isEvent: false, extra: {}, note: null });
      return;
    }
    const areEvents = due.hasLooked && seenAt(watch, due.mark) !== null;
    beforeSave(areEvents);
    const saved = await saveObjectLook(this.#deps.db, { ...this.#lookOf(due), mark, areEvents, objects: sight.objects });
    if (saved !== null && saved.events > 0) tellOfEvents(this.#deps, due.name, saved.dagIds, saved.events);
  }

  #lookOf({ assetId, watch }: DueWatch) {
    return { assetId, owner: this.#owner, everyMs: watch.everyMs };
  }
}

function beforeSave(isEvent: boolean): void {
  if (isEvent) probe('assetWatch.before_save');
}
