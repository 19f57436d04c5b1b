-- 0004_map_lists: lists to map over that are made of other lists. Safe for: any version (adds a nullable column and functions).

-- For a list of the results of a mapped task: the map index each element has there; null = the same as its own.
alter table task_map add column picks int[];

-- One element of a stored list (core/mapping/encoded-list.ts says the same): of an object or a map, an entry {key, value}.
create function list_element(list jsonb, ordinal int) returns jsonb language sql immutable parallel safe as $$
  select case
    when jsonb_typeof(list) = 'array' then list -> ordinal
    when jsonb_typeof(list) <> 'object' then null
    when list ->> '$windlass' = 'set' then list -> 'value' -> ordinal
    when list ? '$windlass' then
      (select jsonb_build_object('key', e -> 0, 'value', e -> 1) from (select list -> 'value' -> ordinal as e) as entry where e is not null)
    else
      (select jsonb_build_object('key', key, 'value', value) from jsonb_each(list) order by key collate "C" offset ordinal limit 1)
  end
$$;
