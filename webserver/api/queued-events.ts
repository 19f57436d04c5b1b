/** Events of assets that wait for a run: by asset, by DAG, by both; and taking them out of the queue. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import { deleteQueuedEvents, listQueuedEvents, type QueuedEventRow, type QueuedFilter } from '#platform/db/queries/assets/queued-events.ts';
import { iso } from '../http/iso.ts';
import { instant, integer } from '../http/list-query-schema.ts';
import { type Route, route, type WebDeps } from '../http/route.ts';
import * as assetAnswers from './answers/assets.ts';
import { assetPath, ringAssetEvents } from './assets.ts';
import { dagPath } from './path-ids.ts';

const beforeQuery = z.object({ before: instant.optional() });
const bothPath = dagPath.extend({ asset_id: integer });

interface Place {
  readonly dagId: string | null;
  readonly assetId: number | null;
}

export function queuedEventRoutes(deps: WebDeps): readonly Route[] {
  const ofAsset = (params: z.infer<typeof assetPath>): Place => ({ dagId: null, assetId: params.asset_id });
  const ofDag = (params: z.infer<typeof dagPath>): Place => ({ dagId: params.dag_id, assetId: null });
  const ofBoth = (params: z.infer<typeof bothPath>): Place => ({ dagId: params.dag_id, assetId: params.asset_id });
  return [
    ...pair(deps, '/api/v2/assets/:asset_id/queuedEvents', assetPath, ofAsset),
    ...pair(deps, '/api/v2/dags/:dag_id/assets/queuedEvents', dagPath, ofDag),
    ...pair(deps, '/api/v2/dags/:dag_id/assets/:asset_id/queuedEvents', bothPath, ofBoth, true),
  ];
}

/** `isOne`: the address names one row, so that the answer is that row, or a 404. */
function pair<P>(deps: WebDeps, url: string, params: z.ZodType<P>, placeOf: (params: P) => Place, isOne = false): readonly Route[] {
  return [
    route({
      method: 'GET',
      url,
      permission: 'viewer',
      summary: isOne ? 'Events of an asset that wait for a run of a DAG.' : 'Events that wait for a run.',
      response: isOne ? assetAnswers.queuedEvent : assetAnswers.queuedEvents,
      params,
      query: beforeQuery,
      async handle({ db, params: given, query }) {
        const filter = { ...placeOf(given), before: query.before ?? null };
        const rows = await listQueuedEvents(db, filter);
        if (!isOne) return { queued_events: rows.map(queuedShape), total_entries: rows.length };
        const [row] = rows;
        if (!row) throw missing(filter);
        return queuedShape(row);
      },
    }),
    route({
      method: 'DELETE',
      url,
      permission: 'user',
      audit: 'asset.dequeue',
      status: 204,
      summary: 'Take waiting events out of the queue: they make no run.',
      params,
      query: beforeQuery,
      async handle({ db, params: given, query, audit, afterCommit }) {
        const filter = { ...placeOf(given), before: query.before ?? null };
        const count = await removeOrThrow(db, filter);
        audit({ ...(filter.dagId !== null && { dagId: filter.dagId }), extra: { asset: filter.assetId, events: count } });
        afterCommit(() => ringAssetEvents(deps, filter.dagId === null ? [] : [filter.dagId]));
      },
    }),
  ];
}

async function removeOrThrow(db: Queryable, filter: QueuedFilter): Promise<number> {
  const count = await deleteQueuedEvents(db, filter);
  if (count === 0) throw missing(filter);
  return count;
}

function missing({ dagId, assetId }: QueuedFilter): AppError {
  const what = [...(dagId === null ? [] : [`dag_id: \`${dagId}\``]), ...(assetId === null ? [] : [`asset_id: \`${assetId}\``])].join(
    ' and ',
  );
  return new AppError('NOT_FOUND', `Queue event with ${what} was not found`);
}

function queuedShape(row: QueuedEventRow) {
  return { dag_id: row.dag_id, asset_id: row.asset_id, created_at: iso(row.created_at), dag_display_name: row.dag_id };
}
