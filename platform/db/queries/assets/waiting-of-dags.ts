import type { WaitingAsset } from '#core/assets/condition.ts';
import type { Queryable } from '../../client.ts';

export interface WaitingOfDag extends WaitingAsset {
  readonly dagId: string;
  readonly assetId: number;
  readonly events: number;
  readonly newestAt: Date;
}

const STATEMENT = {
  name: 'list_waiting_assets_of_dags',
  text: `
select q.dag_id as "dagId", a.asset_id as "assetId", a.name, a.uri, count(*)::int as events, max(e.at) as "newestAt",
       array(select l.name from asset_alias_asset aa join asset_alias l using (alias_id) where aa.asset_id = a.asset_id) as aliases
  from asset_dag_event q join asset_event e on e.event_id = q.event_id join asset a on a.asset_id = e.asset_id
 where q.dag_run_id is null and q.dag_id = any($1::text[])
 group by q.dag_id, a.asset_id, a.name, a.uri
 order by q.dag_id, a.name`,
};

/** listWaitingOfDags    who: pages. Reads only. Which assets have events that wait for these DAGs. */
export async function listWaitingOfDags(db: Queryable, dagIds: readonly string[]): Promise<readonly WaitingOfDag[]> {
  return (await db.query<WaitingOfDag>(STATEMENT, [dagIds])).rows;
}
