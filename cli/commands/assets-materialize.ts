import type { Command } from 'commander';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';
import { parseJsonObject } from '../parse-flag.ts';

interface Flags extends OutputOptions {
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly partitionKey?: string;
  readonly wait?: boolean;
}

/** `windlass assets materialize ASSET`: runs the one DAG that makes it. */
export function assetsMaterialize(): Command {
  return listCommand('materialize')
    .description('Run the DAG that makes an asset')
    .argument('<asset>', 'its name, URI or id')
    .option('-c, --conf <json>', 'params of the run, a JSON object', parseJsonObject('--conf'))
    .option('--partition-key <key>', 'the partition to make')
    .option('-w, --wait', 'wait until the run has ended')
    .action(async (text: string, flags: Flags) => {
      const { AppError } = await import('#core/errors.ts');
      const { withDatabase } = await import('../environment.ts');
      const { requireAsset } = await import('../find-asset.ts');
      const { printRecord, say } = await import('../output.ts');
      const { triggerDag, waitForRun } = await import('../trigger-dag.ts');
      await withDatabase(async (deps) => {
        const asset = await requireAsset(deps.db, text);
        const dagIds = [...new Set(asset.producing_tasks.map((task) => task.dag_id))];
        const [dagId] = dagIds;
        if (dagId === undefined) throw new AppError('NOT_FOUND', `No DAG makes the asset ${asset.name}.`);
        if (dagIds.length > 1)
          throw new AppError(
            'CONFLICT',
            `Several DAGs make the asset ${asset.name}: ${dagIds.join(', ')}. Trigger one: windlass dags trigger ${dagId}`,
          );
        const { conf, partitionKey } = flags;
        const request = {
          dagId,
          runType: 'asset_materialization' as const,
          ...(conf && { conf }),
          ...(partitionKey !== undefined && { partitionKey }),
        };
        const dag = await triggerDag(deps, request);
        if (dag.isPaused) say(`${dagId} is paused: the run stays queued until you run: windlass dags unpause ${dagId}`);
        const run = flags.wait ? await waitForRun(deps.db, dagId, dag.run.run_id) : dag.run;
        printRecord(
          { asset: asset.name, dag_id: run.dag_id, dag_run_id: run.run_id, state: run.state, partition_key: run.partition_key },
          flags,
        );
        if (run.state === 'failed') process.exitCode = 1;
      });
    });
}
