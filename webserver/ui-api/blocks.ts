/** GET /ui/api/blocks: the reusable tasks, and which DAGs use each. */
import { type BlockUseRow, listBlockUses } from '#platform/db/queries/ui/list-block-uses.ts';
import { type Route, route } from '../http/route.ts';
import type { UiBlocks } from './data-types.ts';

export const blockPageRoutes: readonly Route[] = [
  route({
    method: 'GET',
    url: '/ui/api/blocks',
    permission: 'viewer',
    summary: 'Blocks, with the tasks made from each.',
    handle: async ({ db }): Promise<UiBlocks> => ({ blocks: blocksOf(await listBlockUses(db)) }),
  }),
];

/** A block is known by its kind and its name. */
function blocksOf(uses: readonly BlockUseRow[]): UiBlocks['blocks'] {
  const groups = Map.groupBy(uses, ({ kind, name }) => JSON.stringify([kind, name]));
  return [...groups.values()].map((rows) => {
    const [first] = rows as [BlockUseRow];
    return {
      name: first.name,
      kind: first.kind,
      usedBy: rows.map((row) => ({ dagId: row.dag_id, taskId: row.task_id, checks: row.checks })),
    };
  });
}
