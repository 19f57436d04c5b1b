/** Which scheduler a DAG's runs belong to: a shard is a stable hash of the dag id, so every process agrees. */

/** Shards are rows of `scheduler_shard`; changing this number needs a migration that rewrites `shard`. */
export const SHARD_COUNT = 16;

/** Returns 0..15: FNV-1a (32 bit) over the id's UTF-16 code units, modulo SHARD_COUNT. */
export function shardOf(dagId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < dagId.length; index++) {
    hash ^= dagId.charCodeAt(index);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % SHARD_COUNT;
}
