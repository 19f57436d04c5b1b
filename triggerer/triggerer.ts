/**
 * Looks after waiters: owns some of the rows, sleeps until the first is due, looks, and ends those whose wait is over.
 * No code of an author runs here. Postgres is the truth: what is in memory can be rebuilt from it, an end is fenced by
 * the instance's epoch, and the waiters of a triggerer that died are taken by another.
 */

import { DueHeap } from '#core/due-heap.ts';
import { WAITER_KINDS } from '#core/waiting/kinds.ts';
import { timeoutEnd, type WaiterEnd } from '#core/waiting/waiter.ts';
import { newRandom } from '#platform/clock.ts';
import { type ClaimedWaiter, claimWaiters } from '#platform/db/queries/waiting/claim-waiters.ts';
import { freeOrphanedWaiters } from '#platform/db/queries/waiting/free-orphaned-waiters.ts';
import { giveUpWaiters } from '#platform/db/queries/waiting/give-up-waiters.ts';
import { listOwnedWaiters } from '#platform/db/queries/waiting/list-owned-waiters.ts';
import { noteLooks } from '#platform/db/queries/waiting/note-looks.ts';
import type { Resolved } from '#platform/db/queries/waiting/resolve-waiters.ts';
import { probe } from '#platform/probes/probe.ts';
import { type EndedWait, endWaits } from '#platform/waiting/end-waits.ts';
import type { Seen } from '#platform/waiting/look.ts';
import { openArgs } from '#platform/waiting/new-waiter.ts';
import type { TriggererDeps } from './deps.ts';
import { type HeldWaiter, holdWaiter, nextAtMs, nextDelayMs } from './held-waiter.ts';
import { LOOK_TOGETHER, type TogetherKind } from './look-together.ts';
import { PollingDesk } from './polling-desk.ts';
import { writeWaitLog } from './wait-log.ts';

const CLAIM_MAX = 1_000;
const END_MAX = 500;
const RECONCILE_MS = 5_000;
/** A row is written when what it says changed, and else this often. */
const SAVE_EVERY_MS = 60_000;
const IDLE_MS = 5_000;
/** Our own database was away. */
const LOOK_AGAIN_MS = 1_000;
/** A busy DAG says that it changed many times a second. */
const LOOK_APART_MS = 200;

export class Triggerer {
  readonly triggererId: string;
  readonly #deps: TriggererDeps;
  readonly #held = new Map<string, HeldWaiter>();
  readonly #due = new DueHeap<string>();
  readonly #desk: PollingDesk;
  /** Ends to be written by the next pass. */
  readonly #ends = new Map<HeldWaiter, WaiterEnd>();
  readonly #byTopic = new Map<string, Set<HeldWaiter>>();
  #claimNext = true;
  #reconciledAtMs = Number.NEGATIVE_INFINITY;
  ended = 0;

  constructor(triggererId: string, deps: TriggererDeps, wake: () => void) {
    this.triggererId = triggererId;
    this.#deps = deps;
    this.#desk = new PollingDesk(deps, (waiter, seen) => {
      this.#see(waiter, seen);
      wake();
    });
  }

  get size(): number {
    return this.#held.size;
  }

  /** How many of each kind. */
  get kinds(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { kind } of this.#held.values()) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  /** There may be waiters without an owner. */
  hearNew(): void {
    this.#claimNext = true;
  }

  /** These topics ("dag:etl", "event:paid") have changed: waits for them are looked at soon. True = there are some. */
  hearChanges(topics: readonly string[]): boolean {
    const now = this.#deps.clock.monotonic();
    let concerned = false;
    for (const topic of topics)
      for (const waiter of this.#byTopic.get(topic) ?? []) {
        waiter.nextLookAtMs = Math.min(waiter.nextLookAtMs, Math.max(now, waiter.lookedAtMs + LOOK_APART_MS));
        this.#plan(waiter);
        concerned = true;
      }
    return concerned;
  }

  /** One pass. Returns for how long nothing is due, ms. */
  async runOnce(): Promise<number> {
    const { clock } = this.#deps;
    if (clock.monotonic() - this.#reconciledAtMs > RECONCILE_MS) await this.#reconcile();
    if (this.#claimNext) await this.#claim();
    await this.#lookAtDue();
    await this.#writeEnds();
    await this.#saveLooks();
    if (this.#ends.size > 0 || (this.#claimNext && this.#room > 0)) return 0;
    return Math.max(0, Math.min(IDLE_MS, (this.#due.peekMs() ?? Number.POSITIVE_INFINITY) - clock.monotonic()));
  }

  /** Lets go of everything; call after the service row says that it stopped. */
  async release(): Promise<void> {
    this.#desk.stop();
    this.#held.clear();
    await freeOrphanedWaiters(this.#deps.db, this.#deps.config.leaseTtlMs);
    this.#deps.broker.ring('waiters_changed', {});
  }

  get #room(): number {
    return this.#deps.config.triggererCapacity - this.#held.size;
  }

  async #claim(): Promise<void> {
    const limit = Math.min(CLAIM_MAX, this.#room);
    if (limit <= 0) return;
    // Before the statement: what is deferred while it runs is for the next pass.
    this.#claimNext = false;
    probe('triggerer.before_claim');
    const claimed = await claimWaiters(this.#deps.db, this.triggererId, limit).catch((error: unknown) => {
      this.#claimNext = true;
      throw error;
    });
    if (claimed.length > 0) probe('triggerer.after_claim');
    for (const waiter of claimed) this.#hold(waiter);
    if (claimed.length === limit) this.#claimNext = true;
  }

  #hold(claimed: ClaimedWaiter): void {
    const now = this.#deps.clock.monotonic();
    const { taskInstanceId, sealedArgs } = claimed;
    try {
      const args = sealedArgs === null ? (claimed.args ?? {}) : openArgs(this.#deps.secrets, taskInstanceId, sealedArgs);
      const held = holdWaiter(claimed, args, now);
      this.#held.set(taskInstanceId, held);
      this.#plan(held);
      const topic = topicOf(held);
      if (topic !== null) this.#byTopic.set(topic, (this.#byTopic.get(topic) ?? new Set()).add(held));
    } catch (error) {
      // Sealed with another key: no triggerer with this key can ever look.
      const held = holdWaiter(claimed, {}, now);
      this.#held.set(taskInstanceId, held);
      this.#ends.set(held, { end: 'fail', error: { name: 'WaiterSealed', message: (error as Error).message }, retryable: false });
    }
  }

  /** Waiters that are gone (a person cleared the task) or somebody else's are dropped; those that are ours unknown to us are claimed anew. */
  async #reconcile(): Promise<void> {
    const { db, clock, config } = this.#deps;
    this.#reconciledAtMs = clock.monotonic();
    if ((await freeOrphanedWaiters(db, config.leaseTtlMs, [this.triggererId])) > 0) {
      this.#claimNext = true;
      probe('triggerer.after_take_over');
    }
    const owned = new Map((await listOwnedWaiters(db, this.triggererId)).map((row) => [row.taskInstanceId, row.leaseEpoch]));
    for (const waiter of this.#held.values()) if (owned.get(waiter.taskInstanceId) !== waiter.leaseEpoch) this.#drop(waiter);
    // Claimed by a statement whose answer was lost: nobody would ever look at them.
    const unknown = [...owned.keys()].filter((id) => !this.#held.has(id));
    if (unknown.length > 0) await giveUpWaiters(db, this.triggererId, unknown);
    this.#claimNext = true;
  }

  #drop(waiter: HeldWaiter): void {
    if (this.#held.get(waiter.taskInstanceId) === waiter) {
      this.#held.delete(waiter.taskInstanceId);
      this.#due.set(waiter.taskInstanceId, null);
    }
    this.#ends.delete(waiter);
    const topic = topicOf(waiter) ?? '';
    const siblings = this.#byTopic.get(topic);
    siblings?.delete(waiter);
    if (siblings?.size === 0) this.#byTopic.delete(topic);
  }

  #plan(waiter: HeldWaiter): void {
    if (this.#held.get(waiter.taskInstanceId) === waiter) this.#due.set(waiter.taskInstanceId, nextAtMs(waiter));
  }

  async #lookAtDue(): Promise<void> {
    const now = this.#deps.clock.monotonic();
    const together = new Map<TogetherKind, HeldWaiter[]>();
    for (const id of this.#due.takeDue(now)) {
      const waiter = this.#held.get(id);
      if (!waiter || this.#ends.has(waiter)) continue;
      if (waiter.kind === 'time') {
        if (waiter.nextLookAtMs <= now) this.#see(waiter, { seen: 'found', value: null });
      } else if (waiter.nextLookAtMs <= now && !waiter.looking) {
        if (waiter.kind in LOOK_TOGETHER) {
          const kind = waiter.kind as TogetherKind;
          together.set(kind, [...(together.get(kind) ?? []), waiter]);
        } else {
          waiter.looking = true;
          this.#desk.look(waiter);
        }
      }
      if (waiter.timeoutAtMs !== null && waiter.timeoutAtMs <= now && !this.#ends.has(waiter) && !isAmong(together, waiter))
        this.#ends.set(waiter, timeoutOf(waiter));
      this.#plan(waiter);
    }
    for (const [kind, waiters] of together) {
      try {
        for (const [waiter, seen] of await LOOK_TOGETHER[kind](this.#deps.db, waiters)) this.#see(waiter, seen);
      } catch (error) {
        for (const waiter of waiters) {
          waiter.nextLookAtMs = now + LOOK_AGAIN_MS;
          this.#plan(waiter);
        }
        throw error;
      }
    }
  }

  #see(waiter: HeldWaiter, seen: Seen | Error): void {
    if (this.#held.get(waiter.taskInstanceId) !== waiter || this.#ends.has(waiter)) return;
    const now = this.#deps.clock.monotonic();
    waiter.looking = false;
    waiter.lookedAtMs = now;
    waiter.unsavedLooks += 1;
    const end = seen instanceof Error ? null : endOf(waiter, seen);
    if (end !== null) this.#ends.set(waiter, end);
    else if (waiter.timeoutAtMs !== null && waiter.timeoutAtMs <= now) this.#ends.set(waiter, timeoutOf(waiter));
    waiter.failures = seen instanceof Error ? waiter.failures + 1 : 0;
    const note = seen instanceof Error ? seen.message : seen.seen === 'nothing' ? seen.note : waiter.note;
    if (note !== waiter.note && end === null)
      void writeWaitLog(this.#deps, waiter, seen instanceof Error ? 'warning' : 'info', `still waiting: ${note}`);
    waiter.note = note;
    waiter.nextLookAtMs = now + nextDelayMs(waiter, newRandom());
    this.#plan(waiter);
  }

  async #writeEnds(): Promise<void> {
    if (this.#ends.size === 0) return;
    const batch = [...this.#ends].slice(0, END_MAX);
    probe('triggerer.before_fire');
    const resolved = await endWaits(
      this.#deps.db,
      `triggerer:${this.triggererId}`,
      batch.map(endedWait),
      this.#deps.config.maxRetryDelayMs,
    );
    probe('triggerer.after_fire');
    const written = new Map(resolved.map((one) => [one.taskInstanceId, one]));
    for (const [waiter, end] of batch) {
      this.#drop(waiter);
      if (written.has(waiter.taskInstanceId))
        void writeWaitLog(this.#deps, waiter, end.end === 'fail' ? 'error' : 'info', lastWords(end), end.end !== 'wake');
    }
    this.ended += resolved.length;
    this.#ring(resolved);
  }

  #ring(resolved: readonly Resolved[]): void {
    if (resolved.length === 0) return;
    const { broker } = this.#deps;
    broker.ring('task_instances_ended', {
      shards: [...new Set(resolved.map((one) => one.shard))],
      ids: resolved.map((one) => one.taskInstanceId),
    });
    broker.ring('ui_events', { topics: [...new Set(resolved.flatMap((one) => [`dag:${one.dagId}`, `run:${one.dagId}/${one.runId}`]))] });
  }

  async #saveLooks(): Promise<void> {
    const now = this.#deps.clock.monotonic();
    const unsaved = [...this.#held.values()].filter(
      (waiter) => waiter.unsavedLooks > 0 && (waiter.note !== waiter.savedNote || now - waiter.savedAtMs > SAVE_EVERY_MS),
    );
    if (unsaved.length === 0) return;
    await noteLooks(
      this.#deps.db,
      this.triggererId,
      unsaved.map((waiter) => ({
        ...waiter,
        looks: waiter.unsavedLooks,
        note: storableNote(waiter.note),
        nextInMs: Math.max(0, waiter.nextLookAtMs - now),
      })),
    );
    for (const waiter of unsaved) {
      waiter.unsavedLooks = 0;
      waiter.savedAtMs = now;
      waiter.savedNote = waiter.note;
    }
  }
}

/** What the doorbell of pages says when it may have come. */
function topicOf({ kind, args }: HeldWaiter): string | null {
  if (kind === 'event') return `event:${String(args['name'])}`;
  return WAITER_KINDS[kind].looking === 'database' ? `dag:${String(args['dagId'])}` : null;
}

/** Those are judged together in a moment; their time limit is looked at then. */
function isAmong(together: ReadonlyMap<TogetherKind, readonly HeldWaiter[]>, waiter: HeldWaiter): boolean {
  return together.get(waiter.kind as TogetherKind)?.includes(waiter) ?? false;
}

function endOf({ ends }: HeldWaiter, seen: Seen): WaiterEnd | null {
  switch (seen.seen) {
    case 'nothing':
      return null;
    case 'found':
      return ends.onFound === 'succeed' ? { end: 'succeed', value: seen.value } : { end: 'wake', event: seen.value };
    case 'skip':
      return { end: 'skip', reason: seen.reason };
    case 'hopeless':
      return { end: 'fail', error: seen.error, retryable: seen.retryable };
  }
}

function timeoutOf(waiter: HeldWaiter): WaiterEnd {
  const note = waiter.note === null ? '' : ` (last look: ${waiter.note})`;
  return timeoutEnd(waiter.ends, `${waiter.words}${note}`);
}

function endedWait([waiter, end]: readonly [HeldWaiter, WaiterEnd]): EndedWait {
  const { taskInstanceId, leaseEpoch, ends, bodyState, words } = waiter;
  return { taskInstanceId, leaseEpoch, end, softFail: ends.softFail, bodyState, words };
}

const NOTE_MAX_CHARS = 300;

function storableNote(note: string | null): string | null {
  return note === null ? null : note.slice(0, NOTE_MAX_CHARS).replaceAll('\0', '').toWellFormed();
}

function lastWords(end: WaiterEnd): string {
  switch (end.end) {
    case 'wake':
      return 'what it waited for has come; queued again';
    case 'succeed':
      return 'what it waited for has come; succeeded';
    case 'skip':
      return `skipped: ${end.reason}`;
    case 'fail':
      return `failed: ${end.error.message}`;
  }
}
