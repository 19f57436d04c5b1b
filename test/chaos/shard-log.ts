/**
 * What the harness itself keeps in the database beside Windlass's tables: who owned which shard from which event on.
 * A take-over locks the shard's row against flushes that are being written, so when it happens, every event of the
 * former owner has its number already, and any later number of its is a write without the shard.
 */
export const WATCHED_SHARDS = `
create table chaos_shard_log (
  log_id        bigint generated always as identity primary key,
  shard         smallint not null,
  owner         text,
  epoch         bigint not null,
  -- The newest event there was.
  last_event_id bigint not null,
  at            timestamptz not null default clock_timestamp()
);
create function chaos_note_shard() returns trigger language plpgsql as $note$
begin
  insert into chaos_shard_log (shard, owner, epoch, last_event_id)
  select new.shard, new.owner, new.epoch, case when is_called then last_value else 0 end from task_instance_event_event_id_seq;
  return null;
end $note$;
create trigger chaos_note_shard after update on scheduler_shard
  for each row when (old.owner is distinct from new.owner or old.epoch <> new.epoch) execute function chaos_note_shard();
`;
