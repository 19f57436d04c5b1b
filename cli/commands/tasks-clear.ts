import type { Command } from 'commander';
import { AppError } from '#core/errors.ts';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';
import { parseCount, parseInstant } from '../parse-flag.ts';

interface Flags extends OutputOptions {
  readonly runId?: readonly string[];
  readonly startDate?: Date;
  readonly endDate?: Date;
  readonly taskId?: readonly string[];
  readonly taskRegex?: string;
  readonly mapIndex?: number;
  readonly upstream?: boolean;
  readonly downstream?: boolean;
  readonly past?: boolean;
  readonly future?: boolean;
  readonly onlyFailed?: boolean;
  readonly onlyRunning?: boolean;
  readonly latestVersion?: boolean;
  readonly preventRunning?: boolean;
  readonly resetDagRuns: boolean;
  readonly note?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** `windlass tasks clear`: lists what would run again, asks, and clears it. */
export function tasksClear(): Command {
  return listCommand('clear')
    .description('Let task instances run again; lists them and asks first')
    .argument('<dag_id>')
    .option('--run-id <run_id...>', 'in these runs')
    .option('-s, --start-date <instant>', 'in runs from this logical date', parseInstant('--start-date'))
    .option('-e, --end-date <instant>', 'in runs up to this logical date', parseInstant('--end-date'))
    .option('--task-id <task_id...>', 'only these tasks or task groups')
    .option('-t, --task-regex <regex>', 'only tasks whose id matches')
    .option('--map-index <n>', 'only this instance of the mapped tasks', parseCount('--map-index', 0))
    .option('-u, --upstream', 'also the tasks before them')
    .option('-d, --downstream', 'also the tasks after them')
    .option('--past', 'also in earlier runs')
    .option('--future', 'also in later runs')
    .option('-f, --only-failed', 'only what failed')
    .option('-r, --only-running', 'only what runs')
    .option('--latest-version', 'on the newest version of the DAG')
    .option('--prevent-running', 'refuse when any of them runs')
    .option('--no-reset-dag-runs', 'leave runs that have ended as they are')
    .option('--note <text>', 'kept with the task instances')
    .option('--dry-run', 'only list them')
    .option('-y, --yes', 'do not ask')
    .action(clearTasks);
}

async function clearTasks(dagId: string, flags: Flags): Promise<void> {
  const { withDatabase } = await import('../environment.ts');
  const { requireDag } = await import('../list-request.ts');
  const { printRows, say } = await import('../output.ts');
  const { CLI_USER, countOf, instanceLine, ringChanged } = await import('../change-of-mind.ts');
  const { confirm } = await import('../confirm.ts');
  const { clear, previewClear } = await import('#platform/change-of-mind/clear.ts');
  refuseContradictions(flags);
  await withDatabase(async (deps) => {
    await requireDag(deps.db, dagId);
    const request = await requestOf(deps.db, dagId, flags);
    const preview = await deps.db.transaction('preview_clear', (tx) => previewClear(tx, request));
    printRows(preview.instances.map(instanceLine), flags, 'No task instance would be cleared.');
    if (flags.dryRun || (preview.instances.length === 0 && preview.runIds.length === 0)) {
      if (preview.instances.length > 0) say(`${countOf(preview.instances)} would be cleared. Nothing was done.`);
      return;
    }
    await confirm(`Clear ${countOf(preview.instances)} of ${dagId}?`, flags.yes === true);
    const cleared = await deps.db.transaction('clear_tasks', (tx) => clear(tx, request, CLI_USER));
    await ringChanged(deps, dagId, { runIds: cleared.runIds, rows: cleared.instances });
    say(`${countOf(cleared.instances)} cleared.`);
  });
}

async function requestOf(db: import('#platform/db/client.ts').Queryable, dagId: string, flags: Flags) {
  const { requireDagVersion } = await import('#platform/change-of-mind/lookups.ts');
  const { spec } = await requireDagVersion(db, dagId, null);
  const pattern = flags.taskRegex === undefined ? null : regexOf(flags.taskRegex);
  const matching = pattern === null ? [] : spec.tasks.map((task) => task.taskId).filter((taskId) => pattern.test(taskId));
  if (pattern !== null && matching.length === 0)
    throw new AppError('BAD_REQUEST', `No task of ${dagId} matches ${flags.taskRegex}. See: windlass tasks list ${dagId}`);
  const ids = [...(flags.taskId ?? []), ...matching];
  const isWhole = flags.taskId === undefined && pattern === null && flags.mapIndex === undefined;
  const named = ids.length === 0 ? spec.tasks.filter((task) => task.mapScope !== null).map((task) => task.taskId) : ids;
  return {
    dagId,
    runIds: flags.runId ?? [],
    from: flags.startDate ?? null,
    to: flags.endDate ?? null,
    tasks: isWhole ? null : named.map((taskId) => ({ taskId, mapIndex: flags.mapIndex })),
    reach: { upstream: flags.upstream ?? false, downstream: flags.downstream ?? false },
    includePast: flags.past ?? false,
    includeFuture: flags.future ?? false,
    only: flags.onlyFailed ? ('failed' as const) : flags.onlyRunning ? ('running' as const) : null,
    resetDagRuns: flags.resetDagRuns,
    onLatestVersion: flags.latestVersion ?? false,
    preventRunningTask: flags.preventRunning ?? false,
    note: flags.note ?? null,
  };
}

function refuseContradictions(flags: Flags): void {
  const byDate = flags.startDate !== undefined || flags.endDate !== undefined;
  if (flags.runId === undefined && !byDate)
    throw new AppError('BAD_REQUEST', 'Which runs? Name them by --run-id, or by --start-date and --end-date. See: windlass dags list-runs');
  if (flags.runId !== undefined && byDate) throw new AppError('BAD_REQUEST', 'Name the runs by --run-id or by date, not both.');
  if (flags.onlyFailed && flags.onlyRunning)
    throw new AppError('BAD_REQUEST', '--only-failed and --only-running leave nothing over. Choose one.');
  if ((flags.past || flags.future) && flags.runId?.length !== 1)
    throw new AppError('BAD_REQUEST', '--past and --future count from one --run-id.');
}

function regexOf(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new AppError('BAD_REQUEST', `--task-regex is no regular expression: ${(error as Error).message}`);
  }
}
