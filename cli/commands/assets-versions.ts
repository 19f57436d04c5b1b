import type { Command } from 'commander';
import { listCommand, withLimit } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

interface Flags extends OutputOptions {
  readonly limit: number;
  readonly columns?: boolean;
}

/** `windlass assets versions ASSET`: newest first. */
export function assetsVersions(): Command {
  return withLimit(listCommand('versions').description('List what each writing of an asset left behind, newest first'), 25)
    .argument('<asset>', 'its name, URI or id')
    .option('--columns', 'the columns of each version, too')
    .action(async (text: string, flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { requireAsset } = await import('../find-asset.ts');
      const { equal, listRequest } = await import('../list-request.ts');
      const { printRows } = await import('../output.ts');
      const { diffColumns, wordsOfChange } = await import('#core/assets/schema-change.ts');
      const { listAssetVersions } = await import('#platform/db/queries/assets/list-versions.ts');
      await withDatabase(async ({ db }) => {
        const asset = await requireAsset(db, text);
        const { rows } = await listAssetVersions(db, listRequest([equal('asset_id', asset.asset_id)], '-id', flags.limit));
        printRows(
          rows.map((version) => {
            const changes = version.columns && version.earlier_columns ? diffColumns(version.earlier_columns, version.columns) : [];
            return {
              id: version.version_id,
              at: version.at,
              partition_key: version.partition_key,
              rows: version.row_count,
              bytes: version.bytes,
              source: `${version.dag_id}.${version.task_id}`,
              source_run: version.run_id,
              dag_version: version.dag_version,
              upstream: version.upstream.map((one) => `${one.name}${one.version_id === null ? '' : `@${one.version_id}`}`).join(', '),
              changes: changes.map((change) => `${change.isCompatible ? '' : '! '}${wordsOfChange(change)}`).join('; '),
              ...(flags.columns && { columns: (version.columns ?? []).map(({ name, type }) => `${name} ${type}`).join(', ') }),
            };
          }),
          flags,
          `No versions of ${asset.name} yet. One is written when a task succeeds that has it among its outlets.`,
        );
      });
    });
}
