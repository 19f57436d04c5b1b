/** Reads the XComs of one instance; a value larger than `maxBytes` is left out (null). Called by the instance page. */
import type { Queryable } from '../../client.ts';

const LIST_INSTANCE_XCOMS = {
  name: 'list_instance_xcoms',
  text: `select key, bytes, hash, ref is not null as "isLarge", case when bytes <= $2 then value end as value from xcom where task_instance_id = $1 order by key limit 200`,
};

export interface InstanceXComRow {
  readonly key: string;
  readonly bytes: number;
  readonly value: unknown;
  /** It lies in the XCom backend: sha256 of its bytes. */
  readonly hash: string | null;
  readonly isLarge: boolean;
}

export async function listInstanceXComs(db: Queryable, taskInstanceId: string, maxBytes: number): Promise<readonly InstanceXComRow[]> {
  return (await db.query<InstanceXComRow>(LIST_INSTANCE_XCOMS, [taskInstanceId, maxBytes])).rows;
}
