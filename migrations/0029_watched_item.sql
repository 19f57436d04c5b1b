-- 0029_watched_item: what a watch has told already, one by one: objects of a prefix, entries of a stream. Safe for: 0036's code, which reads none of it.

create table asset_watch_item (
  asset_id bigint not null references asset on delete cascade,
  item     text not null,                                 -- the URI of an object; connection, stream and id of an entry that is not acknowledged yet
  version  text not null,                                 -- of the object; '' for an entry
  primary key (asset_id, item)
);
