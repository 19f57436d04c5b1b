import type { Command } from 'commander';
import { AppError } from '#core/errors.ts';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';
import { parseCount } from '../parse-flag.ts';

interface Flags extends OutputOptions {
  readonly mapIndex?: number;
}

const SHOWN_MAX = 1_000;

/** `windlass why [DAG_ID] RUN_ID [TASK_ID]`: of one task, or of all that is unfinished in the run. */
export function why(): Command {
  return listCommand('why')
    .description('Say why tasks of a run are not running: why RUN_ID [TASK_ID], or why DAG_ID RUN_ID TASK_ID')
    .argument('<ids...>', 'RUN_ID, RUN_ID TASK_ID, or DAG_ID RUN_ID TASK_ID')
    .option('--map-index <n>', 'index of a mapped instance', parseCount('--map-index', 0))
    .action(async (ids: readonly string[], flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { findRunAndTask } = await import('../find-run.ts');
      const { formatOf, print, printRows } = await import('../output.ts');
      const { readWaitingFacts } = await import('#platform/db/queries/ui/read-waiting-facts.ts');
      const { listTaskInstances } = await import('#platform/db/queries/api/list-task-instances.ts');
      const { equal, listRequest } = await import('../list-request.ts');
      const { whyWaiting } = await import('#core/why.ts');
      await withDatabase(async ({ db }) => {
        const { run, taskId } = await findRunAndTask(db, ids);
        const of = { dagRunId: run.dag_run_id, ...(taskId !== null && { taskId }), ...(flags.mapIndex !== undefined && flags) };
        const rows = (await readWaitingFacts(db, { ...of, limit: SHOWN_MAX })).map((facts) => ({
          dag_id: run.dag_id,
          run_id: run.run_id,
          task_id: facts.taskId,
          map_index: facts.mapIndex,
          state: facts.state,
          why: whyWaiting(facts),
        }));
        if (taskId === null || formatOf(flags) !== 'table' || rows.length > 1) {
          const shown = formatOf(flags) === 'table' || formatOf(flags) === 'plain';
          printRows(
            shown ? rows.map(({ task_id, map_index, state, why }) => ({ task_id, map_index, state, why: wordsOf(state, why) })) : rows,
            flags,
            `Nothing of the run is unfinished: it is ${run.state}${run.reason === null ? '' : ` (${run.reason})`}.`,
          );
          return;
        }
        const [row] = rows;
        if (row !== undefined) {
          print(`${taskId} is ${row.state}${row.state === 'running' ? '.' : ':'}`);
          for (const sentence of row.why) print(`  ${sentence}`);
          return;
        }
        const filters = [equal('dag_id', run.dag_id), equal('run_id', run.run_id), equal('task_id', taskId)];
        const ended = (await listTaskInstances(db, listRequest(filters, 'map_index', 1))).rows[0];
        if (ended === undefined)
          throw new AppError('TASK_INSTANCE_NOT_FOUND', `The run ${run.run_id} has no task ${taskId}. See: windlass why ${run.run_id}`);
        print(`${taskId} has ended: ${ended.state}${ended.reason === null ? '' : `. ${ended.reason}`}`);
      });
    });
}

function wordsOf(state: string, why: readonly string[]): string {
  return why.length > 0 ? why.join(' ') : state === 'running' ? 'It runs.' : '';
}
