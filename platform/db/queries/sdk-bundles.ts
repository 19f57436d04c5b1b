import type { SdkModules } from '#platform/sdk-bundle.ts';
import type { Queryable } from '../client.ts';

const LOAD = { name: 'load_sdk_bundle', text: 'select modules from sdk_bundle where hash = $1' };

/** loadSdkBundle    who: worker, when its cache lacks the hash. Reads only. null = it is gone, which no version allows. */
export async function loadSdkBundle(db: Queryable, hash: string): Promise<SdkModules | null> {
  const row = (await db.query<{ modules: string }>(LOAD, [hash])).rows[0];
  return row === undefined ? null : (JSON.parse(row.modules) as SdkModules);
}

const FIND = {
  name: 'find_sdk_bundle',
  text: 'select modules from sdk_bundle where source_key = $1 order by created_at desc limit 1',
};

/** findSdkBundle    who: DAG processor, when it starts. Reads only. null = nobody has made one of these sources. */
export async function findSdkBundle(db: Queryable, sourceKey: string): Promise<SdkModules | null> {
  const row = (await db.query<{ modules: string }>(FIND, [sourceKey])).rows[0];
  return row === undefined ? null : (JSON.parse(row.modules) as SdkModules);
}

const HOLD = { name: 'hold_sdk_bundle', text: 'select 1 from sdk_bundle where hash = $1 for key share' };

/**
 * holdSdkBundle    who: DAG processor, before it saves bundles, in their transaction. Locks the row against its deletion, and waits
 * for one that deletes it now. False = it is gone: retention removes what no bundle imports.
 */
export async function holdSdkBundle(tx: Queryable, hash: string): Promise<boolean> {
  return (await tx.query(HOLD, [hash])).rows.length > 0;
}

const SAVE = {
  name: 'save_sdk_bundle',
  text: `insert into sdk_bundle (hash, source_key, modules, made_by) values ($1, $2, $3, $4)
         on conflict (hash) do update set source_key = excluded.source_key, made_by = excluded.made_by
          where sdk_bundle.source_key <> excluded.source_key`,
};

/** saveSdkBundle    who: DAG processor, before the first bundle that needs it, and when retention took it. Saving it twice changes nothing. */
export async function saveSdkBundle(
  db: Queryable,
  sdk: { readonly hash: string; readonly sourceKey: string; readonly modules: SdkModules; readonly madeBy: string },
): Promise<void> {
  await db.query(SAVE, [sdk.hash, sdk.sourceKey, JSON.stringify(sdk.modules), sdk.madeBy]);
}
