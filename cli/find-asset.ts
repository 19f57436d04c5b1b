/** Finds an asset by what people type: its name, its URI or its number. */
import { normaliseUri } from '#core/assets/normalise-uri.ts';
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import { type AssetRow, findAsset, listAssets } from '#platform/db/queries/assets/list-assets.ts';
import { equal, listRequest } from './list-request.ts';

const NEAR_MAX = 1_000;

/** Throws NOT_FOUND, naming a near one. Of several with one name the active one is meant. */
export async function requireAsset(db: Queryable, text: string): Promise<AssetRow> {
  if (/^\d{1,9}$/.test(text)) {
    const byNumber = await findAsset(db, Number(text));
    if (byNumber) return byNumber;
  }
  const spelled = normaliseUri(text);
  const tries: readonly (readonly [string, string])[] = [
    ['name', text],
    ['uri', 'uri' in spelled ? spelled.uri : text],
  ];
  for (const [field, value] of tries) {
    const { rows } = await listAssets(db, listRequest([equal(field, value)], '-is_active', 1));
    if (rows[0]) return rows[0];
  }
  const names = (await listAssets(db, listRequest([], 'name', NEAR_MAX))).rows.map((row) => row.name);
  const near = closest(text, names);
  throw new AppError(
    'NOT_FOUND',
    `There is no asset ${JSON.stringify(text)}.${near ? ` Did you mean ${near}?` : ''} See: windlass assets list`,
  );
}

/** "etl.load", several joined. */
export function tasksText(tasks: AssetRow['producing_tasks']): string {
  return tasks.map(({ dag_id, task_id }) => `${dag_id}.${task_id}`).join(', ');
}
