/** Plays a schedule of faults on a cluster, and counts those that really struck. */
import { systemClock } from '#platform/clock.ts';
import { Dice } from '#test/support/seeded.ts';
import type { Cluster } from '../cluster.ts';
import { inject } from './inject.ts';
import { type FaultKind, type PlannedFault, takenBy } from './schedule.ts';

export class Nemesis {
  /** By kind. */
  readonly struck = new Map<FaultKind, number>();
  /** Faults that could not be done, in words: a fault of the harness, or of the moment. */
  readonly missed: string[] = [];
  readonly #cluster: Cluster;
  readonly #schedule: readonly PlannedFault[];
  /** What is being struck, or is still coming back: on a busy machine that takes longer than planned. */
  readonly #taken = new Set<string>();

  constructor(cluster: Cluster, schedule: readonly PlannedFault[]) {
    this.#cluster = cluster;
    this.#schedule = schedule;
  }

  /** Resolves when the time is over, every fault was done and undone, and nothing of any is left. Rejects when a server does not come back. */
  async play(durationMs: number): Promise<void> {
    const startedAt = performance.now();
    const playing: Promise<void>[] = [];
    for (const fault of this.#schedule) {
      await this.#sleep(fault.atMs - (performance.now() - startedAt));
      const strike = this.#strike(fault);
      strike.catch(() => {}); // it is awaited below
      playing.push(strike);
    }
    await this.#sleep(durationMs - (performance.now() - startedAt));
    await Promise.all(playing);
    for (const member of this.#cluster.members) member.heal();
  }

  async #strike(fault: PlannedFault): Promise<void> {
    const takes = takenBy(fault);
    const busy = takes.find((what) => this.#taken.has(what));
    if (busy !== undefined) {
      this.missed.push(`${fault.kind}: ${busy} has not come back yet`);
      return;
    }
    for (const what of takes) this.#taken.add(what);
    try {
      await this.#strikeFree(fault);
    } finally {
      for (const what of takes) this.#taken.delete(what);
    }
  }

  async #strikeFree(fault: PlannedFault): Promise<void> {
    const member = this.#cluster.members.find((one) => one.name === fault.member) ?? this.#cluster.members[0];
    if (member === undefined) throw new Error('a cluster without processes');
    const strike = { cluster: this.#cluster, fault, member, link: member.links[fault.link ?? 'postgres'], dice: new Dice(fault.seed) };
    const undo = await inject(strike).catch((error: Error) => {
      // Postgres may be away just then, by another fault.
      this.missed.push(`${fault.kind}: ${error.message}`);
      return null;
    });
    if (undo === null) return;
    this.struck.set(fault.kind, (this.struck.get(fault.kind) ?? 0) + 1);
    await this.#sleep(fault.forMs);
    await undo();
  }

  async #sleep(ms: number): Promise<void> {
    if (ms > 0) await systemClock.sleep(ms);
  }
}
