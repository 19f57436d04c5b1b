import { type Command, Option } from 'commander';
import type { LineageDirection } from '#platform/db/queries/assets/list-lineage.ts';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';
import { parseCount } from '../parse-flag.ts';

interface Flags extends OutputOptions {
  readonly depth: number;
  readonly direction: LineageDirection;
}

/** `windlass assets lineage ASSET`: from what is furthest upstream to what is furthest downstream. */
export function assetsLineage(): Command {
  return listCommand('lineage')
    .description('List what an asset is made of and what is made of it, over several steps')
    .argument('<asset>', 'its name, URI or id')
    .option('--depth <steps>', 'how many steps, at most 20', parseCount('--depth', 1), 20)
    .addOption(new Option('--direction <side>', 'which side').choices(['both', 'upstream', 'downstream']).default('both'))
    .action(async (text: string, flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { requireAsset } = await import('../find-asset.ts');
      const { printRows, say } = await import('../output.ts');
      const { LINEAGE_LIMITS, listLineage } = await import('#platform/db/queries/assets/list-lineage.ts');
      await withDatabase(async ({ db }) => {
        const asset = await requireAsset(db, text);
        const depth = Math.min(flags.depth, LINEAGE_LIMITS.depth);
        const { assets, edges, isWhole } = await listLineage(db, asset.asset_id, { depth, direction: flags.direction });
        const names = new Map(assets.map((one) => [one.assetId, one.name]));
        printRows(
          assets.map((one) => {
            const into = edges.filter((edge) => edge.downstreamId === one.assetId);
            return {
              distance: one.distance,
              id: one.assetId,
              name: one.name,
              made_of: [...new Set(into.map((edge) => names.get(edge.upstreamId) ?? ''))].join(', '),
              made_by: [...new Set(into.map((edge) => `${edge.dagId}.${edge.taskId}`))].join(', '),
            };
          }),
          flags,
          '',
        );
        if (!isWhole) say('There is more: raise --depth, or ask for another asset.');
      });
    });
}
