/** GET …/taskInstances/{task_id}/links: what plugins link to from this task instance. */
import { fillLink, linksFor } from '#core/fill-link.ts';
import { listPluginLinks } from '#platform/db/queries/plugins/list-plugin-links.ts';
import { iso } from '../http/iso.ts';
import { type Route, route } from '../http/route.ts';
import * as runAnswers from './answers/runs.ts';
import { requireDagRun, requireTaskInstance } from './lookups.ts';
import { instancePath, mapIndexQuery } from './path-ids.ts';
import { keyOf } from './task-instances.ts';

export const extraLinkRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/api/v2/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/links',
    permission: 'viewer',
    summary: 'Links of plugins for a task instance.',
    response: runAnswers.extraLinks,
    params: instancePath,
    query: mapIndexQuery,
    async handle({ db, params, query }) {
      const run = await requireDagRun(db, params.dag_id, params.dag_run_id);
      const instance = await requireTaskInstance(db, keyOf(params, query.map_index));
      const links = linksFor(await listPluginLinks(db), 'task', instance.operator);
      const facts = {
        dag_id: run.dag_id,
        run_id: run.run_id,
        task_id: instance.task_id,
        map_index: instance.map_index,
        try_number: instance.try_number,
        logical_date: iso(run.logical_date),
        start: iso(instance.started_at),
        end: iso(instance.ended_at),
      };
      const filled = links.map((link) => [link.name, fillLink(link.href, facts)]);
      return { extra_links: Object.fromEntries(filled), total_entries: links.length };
    },
  }),
];
