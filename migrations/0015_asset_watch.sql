-- 0015_asset_watch: what watched assets looked like when they were looked at last. Safe for: 0005's code, which reads none of it.

create table asset_watch (
  asset_id     bigint primary key references asset on delete cascade,
  mark         text,                                      -- what was seen: an ETag, a time of change, a hash; null = not there
  has_looked   boolean not null default false,            -- what is there at the first look is known, and no event
  owner        text,                                      -- the triggerer that looks now
  leased_until timestamptz,
  next_look_at timestamptz not null default clock_timestamp(),
  looked_at    timestamptz,
  note         text                                       -- why the last look failed, in words
);
create index asset_watch_due on asset_watch (next_look_at);
