/** GET /ui/api/dags: the DAG list with the last runs of each, in three statements whatever the number of DAGs. */
import { z } from 'zod';
import { DAG_RUN_STATES } from '#core/states.ts';
import type { Filter } from '#platform/db/list-query.ts';
import { listDagTags } from '#platform/db/queries/api/list-dag-tags.ts';
import { listDags } from '#platform/db/queries/api/list-dags.ts';
import { listWaitingOfDags } from '#platform/db/queries/assets/waiting-of-dags.ts';
import { listRecentRuns } from '#platform/db/queries/ui/list-recent-runs.ts';
import { integer } from '../http/list-query-schema.ts';
import { type Route, route } from '../http/route.ts';
import { uiDagCard } from './shapes.ts';
import type { UiDagList } from './types.ts';

const SHOWN_RUNS = 14;
const MAX_DAGS = 100;
const MAX_TAGS = 1000;

const query = z.object({
  search: z.string().max(250).optional(),
  state: z.enum(DAG_RUN_STATES).optional(),
  tag: z.string().max(250).optional(),
  paused: z.enum(['true', 'false']).optional(),
  limit: integer.default(50),
  offset: integer.default(0),
});

export const dagListRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/ui/api/dags',
    permission: 'viewer',
    summary: 'The DAG list.',
    query,
    async handle({ db, query: given }): Promise<UiDagList> {
      const page = await listDags(db, {
        filters: filtersOf(given),
        orderBy: [],
        limit: Math.min(Math.max(1, given.limit), MAX_DAGS),
        offset: Math.max(0, given.offset),
      });
      const ids = page.rows.map((row) => row.dag_id);
      const runs = Map.groupBy(await listRecentRuns(db, ids, SHOWN_RUNS), (run) => run.dag_id);
      const onAssets = page.rows.filter((row) => row.head.assetSchedule !== undefined).map((row) => row.dag_id);
      const waiting = Map.groupBy(onAssets.length > 0 ? await listWaitingOfDags(db, onAssets) : [], (one) => one.dagId);
      const tags = await listDagTags(db, { filters: [], orderBy: [], limit: MAX_TAGS, offset: 0 });
      return {
        dags: page.rows.map((row) => uiDagCard(row, runs.get(row.dag_id) ?? [], waiting.get(row.dag_id) ?? [])),
        total: page.total,
        tags: tags.rows.map((row) => row.tag),
      };
    },
  }),
];

function filtersOf(given: z.infer<typeof query>): readonly Filter[] {
  const filters: Filter[] = [{ field: 'is_stale', operator: 'eq', value: false }];
  const search = given.search?.trim();
  // A person's search is text, not a pattern: its wildcards mean themselves.
  if (search) filters.push({ field: 'search', operator: 'like', value: [`%${search.replace(/[\\%_]/g, '\\$&')}%`] });
  if (given.state) filters.push({ field: 'last_run_state', operator: 'eq', value: given.state });
  if (given.tag) filters.push({ field: 'tags', operator: 'has_any', value: [given.tag] });
  if (given.paused) filters.push({ field: 'is_paused', operator: 'eq', value: given.paused === 'true' });
  return filters;
}
