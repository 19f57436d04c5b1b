import { type Command, Option } from 'commander';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';
import { parseCount } from '../parse-flag.ts';

const STATES = ['success', 'failed', 'skipped'] as const;

interface Flags extends OutputOptions {
  readonly state: (typeof STATES)[number];
  readonly mapIndex?: number;
  readonly upstream?: boolean;
  readonly downstream?: boolean;
  readonly past?: boolean;
  readonly future?: boolean;
  readonly note?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** `windlass tasks mark`: says what became of task instances; lists them and asks first. */
export function tasksMark(): Command {
  return listCommand('mark')
    .description('Mark task instances as success, failed or skipped; lists them and asks first')
    .argument('<dag_id>')
    .argument('<run_id>')
    .argument('<task_id...>', 'tasks or task groups')
    .addOption(new Option('--state <state>', 'what became of them').choices(STATES).makeOptionMandatory())
    .option('--map-index <n>', 'only this instance of a mapped task', parseCount('--map-index', 0))
    .option('-u, --upstream', 'also the tasks before them')
    .option('-d, --downstream', 'also the tasks after them')
    .option('--past', 'also in earlier runs')
    .option('--future', 'also in later runs')
    .option('--note <text>', 'kept with the task instances')
    .option('--dry-run', 'only list them')
    .option('-y, --yes', 'do not ask')
    .action(markTasks);
}

async function markTasks(dagId: string, runId: string, taskIds: readonly string[], flags: Flags): Promise<void> {
  const { withDatabase } = await import('../environment.ts');
  const { requireRun } = await import('../list-request.ts');
  const { printRows, say } = await import('../output.ts');
  const { CLI_USER, countOf, instanceLine, ringChanged } = await import('../change-of-mind.ts');
  const { confirm } = await import('../confirm.ts');
  const { chooseToMark, markAll } = await import('#platform/change-of-mind/mark.ts');
  const { setTaskInstanceNote } = await import('#platform/db/queries/api/set-task-instance-note.ts');
  await withDatabase(async (deps) => {
    const request = {
      runs: [await requireRun(deps.db, dagId, runId)],
      tasks: taskIds.map((taskId) => ({ taskId, mapIndex: flags.mapIndex })),
      reach: { upstream: flags.upstream ?? false, downstream: flags.downstream ?? false },
      includePast: flags.past ?? false,
      includeFuture: flags.future ?? false,
      state: flags.state,
    };
    const changing = (await chooseToMark(deps.db, request)).filter((row) => row.state !== flags.state);
    printRows(changing.map(instanceLine), flags, `Nothing to mark: all of it is ${flags.state} already.`);
    if (changing.length === 0) return;
    if (flags.dryRun) {
      say(`${countOf(changing)} would be marked ${flags.state}. Nothing was done.`);
      return;
    }
    await confirm(`Mark ${countOf(changing)} as ${flags.state}?`, flags.yes === true);
    const marked = await deps.db.transaction('mark_tasks', async (tx) => {
      const chosen = await chooseToMark(tx, request);
      await markAll(tx, chosen, flags.state, CLI_USER);
      const ids = chosen.map((row) => row.task_instance_id);
      if (flags.note !== undefined) await setTaskInstanceNote(tx, ids, flags.note, CLI_USER);
      return chosen;
    });
    await ringChanged(deps, dagId, { runIds: [...new Set(marked.map((row) => row.run_id))], rows: marked });
    say(`${countOf(changing)} marked ${flags.state}.`);
  });
}
