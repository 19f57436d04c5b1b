/** The events that a task's success makes: one for each asset among its outlets, and those its body said of them or found for an alias. */
import type { AssetEmission, AssetUse } from './asset-spec.ts';
import type { VersionFacts } from './asset-version.ts';
import { isKeyOf } from './condition.ts';

/** What is written with the success. `aliases`: those through which the asset was found. */
export interface NewAssetEvent {
  readonly name: string | null;
  readonly uri: string | null;
  readonly group: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly aliases: readonly string[];
  readonly partitionKey: string | null;
  /** What was written. Absent = nobody said. */
  readonly version?: VersionFacts;
}

/**
 * A body may speak of its own outlets only; what it says of others is left out, and so is nothing else. The last word on
 * an asset and partition key counts: one success makes one event of each.
 */
export function eventsOfSuccess(outlets: readonly AssetUse[], emissions: readonly AssetEmission[]): readonly NewAssetEvent[] {
  const events = new Map<string, NewAssetEvent>();
  const put = (event: NewAssetEvent): void => {
    const key = JSON.stringify([event.name, event.uri, event.partitionKey]);
    const aliases = [...new Set([...(events.get(key)?.aliases ?? []), ...event.aliases])];
    events.set(key, { ...event, aliases });
  };
  for (const use of outlets) {
    if ('alias' in use) {
      for (const said of emissions)
        if (said.alias === use.alias && said.name !== undefined && said.uri !== undefined)
          put({
            name: said.name,
            uri: said.uri,
            group: said.group ?? null,
            extra: said.extra,
            aliases: [use.alias],
            partitionKey: said.partitionKey ?? null,
            ...(said.version && { version: said.version }),
          });
      continue;
    }
    const { name = null, uri = null } = use.asset;
    const own = emissions.filter((said) => said.alias === undefined && speaksOf(said, use.asset));
    const base = { name, uri, group: null, aliases: [] };
    if (own.length === 0) put({ ...base, extra: {}, partitionKey: null });
    for (const said of own)
      put({ ...base, extra: said.extra, partitionKey: said.partitionKey ?? null, ...(said.version && { version: said.version }) });
  }
  return [...events.values()];
}

function speaksOf(said: AssetEmission, key: { readonly name?: string; readonly uri?: string }): boolean {
  if (key.name !== undefined && key.uri !== undefined) return isKeyOf(said, { name: key.name, uri: key.uri });
  return key.name === undefined ? said.uri === key.uri : said.name === key.name;
}
