import { type Command, Option } from 'commander';
import { BACKFILL_MAX_ACTIVE_RUNS, REPROCESS_BEHAVIORS, type ReprocessBehavior } from '#core/backfill.ts';
import { AppError } from '#core/errors.ts';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';
import { parseCount, parseInstant, parseJsonObject } from '../parse-flag.ts';

interface Flags extends OutputOptions {
  readonly dagId: string;
  readonly fromDate: Date;
  readonly toDate: Date;
  readonly dryRun?: boolean;
  readonly runBackwards?: boolean;
  readonly maxActiveRuns: number;
  readonly reprocessBehavior: ReprocessBehavior;
  readonly runOnLatestVersion: boolean;
  readonly dagRunConf: Readonly<Record<string, unknown>>;
}

/** `windlass backfill create`: runs a DAG for the dates of a range; with --dry-run only prints them. */
export function backfillCreate(): Command {
  return listCommand('create')
    .description('Run a DAG for the dates of its schedule in a range of the past')
    .requiredOption('--dag-id <dag_id>', 'the DAG')
    .requiredOption('--from-date <instant>', 'earliest logical date', parseInstant('--from-date'))
    .requiredOption('--to-date <instant>', 'latest logical date, itself included', parseInstant('--to-date'))
    .option('--dry-run', 'print what would be done for each date, and do nothing')
    .option('--run-backwards', 'newest date first')
    .option(
      '--max-active-runs <n>',
      'runs at once, beside those of the DAG',
      parseCount('--max-active-runs', 1, 1_000),
      BACKFILL_MAX_ACTIVE_RUNS,
    )
    .addOption(
      new Option('--reprocess-behavior <which>', `which runs that exist run again: ${REPROCESS_BEHAVIORS.join(', ')}`)
        .default('none')
        .argParser(parseBehavior),
    )
    .option('--no-run-on-latest-version', 'runs that are run again keep their version of the DAG')
    .option('--dag-run-conf <json>', 'params of the runs, a JSON object', parseJsonObject('--dag-run-conf'), {})
    .action(async (flags: Flags) => {
      const { clock, withDatabase } = await import('../environment.ts');
      const { requireDag } = await import('../list-request.ts');
      const { printRecord, printRows, say } = await import('../output.ts');
      const { createBackfill, previewBackfill } = await import('#platform/backfill/create-backfill.ts');
      const { backfillLine, requireBackfill, ringBackfill } = await import('../backfills.ts');
      const request = {
        dagId: flags.dagId,
        from: flags.fromDate,
        to: flags.toDate,
        runBackwards: flags.runBackwards ?? false,
        maxActiveRuns: flags.maxActiveRuns,
        reprocess: flags.reprocessBehavior,
        conf: flags.dagRunConf,
        runOnLatestVersion: flags.runOnLatestVersion,
      };
      await withDatabase(async (deps) => {
        await requireDag(deps.db, flags.dagId);
        if (flags.dryRun) {
          const { steps } = await previewBackfill(deps.db, request, clock.now());
          printRows(
            steps.map((step) => ({
              logical_date: new Date(step.logicalDateMs),
              data_interval_start: new Date(step.intervalStartMs),
              data_interval_end: new Date(step.intervalEndMs),
              action: step.action,
              reason: step.reason,
            })),
            flags,
          );
          say(`${steps.filter((step) => step.action !== 'skip').length} of ${steps.length} dates would run. Nothing was done.`);
          return;
        }
        const origin = { triggeredBy: 'cli', triggeringUser: null } as const;
        const { backfillId, planned } = await deps.db.transaction('create_backfill', (tx) =>
          createBackfill(tx, request, origin, clock.now()),
        );
        await ringBackfill(deps, flags.dagId);
        printRecord(backfillLine(await requireBackfill(deps.db, backfillId)), flags);
        if (planned.dag.is_paused) say(`${flags.dagId} is paused: no run starts until you run: windlass dags unpause ${flags.dagId}`);
      });
    });
}

function parseBehavior(text: string): ReprocessBehavior {
  const known = REPROCESS_BEHAVIORS.find((behavior) => behavior === text);
  if (known !== undefined) return known;
  throw new AppError(
    'BAD_REQUEST',
    `--reprocess-behavior must be one of ${REPROCESS_BEHAVIORS.join(', ')}, but is ${JSON.stringify(text)}.`,
  );
}
