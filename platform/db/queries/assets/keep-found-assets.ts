import type { NewAssetEvent } from '#core/assets/events-of-success.ts';
import type { Queryable } from '../../client.ts';

const ASSETS = {
  name: 'ensure_found_assets',
  text: `
insert into asset (name, uri, asset_group, is_active, found_at_run)
select a.name, a.uri, coalesce(a.asset_group, 'asset'), not exists (select 1 from asset o where o.is_active and (o.name = a.name or o.uri = a.uri)), true
  from unnest($1::text[], $2::text[], $3::text[]) as a(name, uri, asset_group)
-- One that is found again says so, lest retention take it for forgotten at this moment; not with every event.
on conflict (name, uri) do update set updated_at = clock_timestamp() where asset.updated_at < clock_timestamp() - interval '1 hour'`,
};

const LINKS = {
  name: 'link_found_assets',
  text: `
insert into asset_alias_asset (alias_id, asset_id)
select l.alias_id, a.asset_id
  from unnest($1::text[], $2::text[], $3::text[]) as f(alias, name, uri)
  join asset_alias l on l.name = f.alias join asset a on a.name = f.name and a.uri = f.uri
on conflict do nothing`,
};

/**
 * keepFoundAssets    who: worker, before it writes a success whose body found assets for aliases. Locks nothing that exists.
 * Makes the assets and their links to the aliases, so that the statement which writes the events sees them. Again = harmless.
 */
export async function keepFoundAssets(db: Queryable, events: readonly NewAssetEvent[]): Promise<void> {
  const found = new Map(
    events.filter((event) => event.aliases.length > 0).map((event) => [JSON.stringify([event.name, event.uri]), event]),
  );
  if (found.size === 0) return;
  const list = [...found.values()];
  await db.query(ASSETS, [list.map((one) => one.name), list.map((one) => one.uri), list.map((one) => one.group)]);
  const links = list.flatMap((one) => one.aliases.map((alias) => ({ alias, ...one })));
  await db.query(LINKS, [links.map((one) => one.alias), links.map((one) => one.name), links.map((one) => one.uri)]);
}
