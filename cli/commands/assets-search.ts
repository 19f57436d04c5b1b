import type { Command } from 'commander';
import { listCommand, withLimit } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly limit: number;
  readonly column?: string;
  readonly tag?: string;
  readonly owner?: string;
  readonly all?: boolean;
}

/** `windlass assets search [TEXT] --column … --tag … --owner …` */
export function assetsSearch(): Command {
  return withLimit(listCommand('search').description('Find assets by name, URI, column, tag or owner'), 100)
    .argument('[text]', 'a part of the name, URI, group, description, owner, a tag or a column')
    .option('--column <name>', 'that have this column')
    .option('--tag <tag>', 'that have this tag')
    .option('--owner <owner>', 'of this owner')
    .option('--all', 'also those that no DAG mentions any more, or that are in conflict')
    .action(async (text: string | undefined, flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { equal, listRequest } = await import('../list-request.ts');
      const { printRows } = await import('../output.ts');
      const { catalogueFilters } = await import('#platform/db/queries/assets/catalogue-filters.ts');
      const { listAssets } = await import('#platform/db/queries/assets/list-assets.ts');
      await withDatabase(async ({ db }) => {
        const filters = [...catalogueFilters({ search: text, ...flags }), ...(flags.all ? [] : [equal('is_active', true)])];
        const { rows } = await listAssets(db, listRequest(filters, 'name', flags.limit));
        printRows(
          rows.map((asset) => ({
            id: asset.asset_id,
            name: asset.name,
            uri: asset.uri,
            owner: asset.owner,
            tags: asset.tags.join(', '),
            columns: asset.columns?.length ?? null,
            rows: asset.row_count,
            last_event: asset.last_event_at,
            description: asset.description,
          })),
          flags,
          'No asset matches. See: windlass assets list',
        );
      });
    });
}
