/**
 * Holds this scheduler's share of the shards. A shard is owned by lease; its epoch fences every write, so a
 * scheduler that was asleep past its lease writes nothing when it wakes.
 */

import { SHARD_COUNT } from '#core/sharding.ts';
import type { Queryable } from '#platform/db/client.ts';
import { countSchedulers } from '#platform/db/queries/count-schedulers.ts';
import { type HeldShard, holdShards, releaseShards } from '#platform/db/queries/hold-shards.ts';
import { probe } from '#platform/probes/probe.ts';

export interface ShardKeeperOptions {
  readonly schedulerId: string;
  readonly db: Queryable;
  readonly ttlMs: number;
  readonly serviceHeartbeatMs: number;
  readonly gained: (shards: readonly HeldShard[]) => void;
  readonly lost: (shard: number) => void;
  /** What the database's clock says just now, ms since 1970. */
  readonly databaseTime: (ms: number) => void;
}

export class ShardKeeper {
  readonly #options: ShardKeeperOptions;
  #held = new Map<number, number>();

  constructor(options: ShardKeeperOptions) {
    this.#options = options;
  }

  async runOnce(): Promise<void> {
    const { schedulerId, db, ttlMs, serviceHeartbeatMs, gained, lost, databaseTime } = this.#options;
    const alive = Math.max(1, await countSchedulers(db, 3 * serviceHeartbeatMs));
    probe('leadership.before_renew');
    const answer = await holdShards(db, { owner: schedulerId, ttlMs, wantedMax: Math.ceil(SHARD_COUNT / alive) });
    probe('leadership.renewed');
    if (answer.databaseNow) databaseTime(answer.databaseNow.getTime());
    const now = new Map(answer.shards.map((shard) => [shard.shard, shard.epoch]));
    // A shard with another epoch was retaken meanwhile, by another or by our own engine: it is gained anew.
    for (const shard of this.#held.keys()) if (!now.has(shard)) lost(shard);
    const fresh = answer.shards.filter((shard) => this.#held.get(shard.shard) !== shard.epoch);
    if (fresh.length > 0) {
      probe('leadership.acquired');
      gained(fresh);
    }
    // Only now: what fails before is told again the next time.
    this.#held = now;
  }

  async release(): Promise<void> {
    for (const shard of this.#held.keys()) this.#options.lost(shard);
    this.#held.clear();
    probe('leadership.resigning');
    await releaseShards(this.#options.db, this.#options.schedulerId);
  }
}
