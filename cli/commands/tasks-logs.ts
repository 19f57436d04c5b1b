import type { Command } from 'commander';
import { AppError } from '#core/errors.ts';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';
import { parseCount } from '../parse-flag.ts';

interface Flags extends OutputOptions {
  readonly mapIndex: number;
  readonly try?: number;
}

const PAGE_BYTES = 1024 * 1024;

/** `windlass tasks logs DAG_ID RUN_ID TASK_ID`: the newest try unless --try names another. */
export function tasksLogs(): Command {
  return listCommand('logs')
    .description('Print the log of a task instance')
    .argument('<dag_id>')
    .argument('<run_id>')
    .argument('<task_id>')
    .option('--map-index <n>', 'index of a mapped instance', parseCount('--map-index', 0), -1)
    .option('--try <n>', 'number of the try (default: the newest)', parseCount('--try', 1))
    .action(async (dagId: string, runId: string, taskId: string, flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { equal, listRequest, requireRun } = await import('../list-request.ts');
      const { formatOf, print } = await import('../output.ts');
      const { listTaskInstances } = await import('#platform/db/queries/api/list-task-instances.ts');
      const { logPath } = await import('#platform/logs/log-path.ts');
      const { readLog } = await import('#platform/logs/log-reader.ts');
      await withDatabase(async ({ db, config }) => {
        await requireRun(db, dagId, runId);
        const ids = [equal('dag_id', dagId), equal('run_id', runId), equal('task_id', taskId), equal('map_index', flags.mapIndex)];
        const instance = (await listTaskInstances(db, listRequest(ids, 'id', 1))).rows[0];
        if (instance === undefined)
          throw new AppError(
            'TASK_INSTANCE_NOT_FOUND',
            `The run ${runId} has no task ${taskId}${flags.mapIndex < 0 ? '' : ` with map index ${flags.mapIndex}`}. See: windlass tasks states-for-dag-run ${dagId} ${runId}`,
          );
        const tryNumber = flags.try ?? Math.max(1, instance.try_number);
        const path = logPath(config.logsFolder, { dagId, runId, taskId, mapIndex: flags.mapIndex, tryNumber });
        const all: unknown[] = [];
        const isJson = formatOf(flags) !== 'table';
        for (let offset = 0; ; ) {
          const page = await readLog(path, offset, PAGE_BYTES);
          if (!page.exists && instance.state === 'success' && !isJson) print(`Try ${tryNumber} said nothing, so it left no log.`);
          if (!page.exists && instance.state !== 'success')
            throw new AppError(
              'LOG_NOT_FOUND',
              `There is no log of try ${tryNumber} (${path}). The task may not have begun; its state is ${instance.state}.`,
            );
          if (isJson) all.push(...page.lines);
          else for (const line of page.lines) print(`${line.timestamp} ${line.level.toUpperCase().padEnd(7)} ${line.event}`);
          if (page.nextOffset === offset) break;
          offset = page.nextOffset;
        }
        if (isJson) print(JSON.stringify(all, null, 2));
      });
    });
}
