-- 0008_pool_demand: what each shard still waits for in a pool, so that shards of several schedulers share it fairly.
-- Safe for: 0002's code, which reads none of it.

-- Written by a scheduler whose work waits for a full pool while other schedulers use it too; refreshed by each of its
-- attempts, and believed for some seconds only: a scheduler that died keeps no slot free.
create table pool_demand (
  pool      text not null references pool on update cascade on delete cascade,
  shard     smallint not null,
  -- What waits, best first: [{"slots": n, "rankMs": n}], see core/scheduling/priority.ts.
  claims    jsonb not null,
  asked_at  timestamptz not null default clock_timestamp(),
  primary key (pool, shard)
);
