import type { Command } from 'commander';
import { wordsOf } from '#core/assets/condition.ts';
import type { ScheduleSpec } from '#core/dag-spec.ts';
import { AppError } from '#core/errors.ts';
import { upcomingTicks } from '#core/timetable/timetable.ts';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';
import { parseCount, parseInstant } from '../parse-flag.ts';

interface Flags extends OutputOptions {
  readonly cron?: string;
  readonly tz: string;
  readonly after?: Date;
  readonly numExecutions: number;
}

interface Question {
  readonly schedule: ScheduleSpec;
  readonly startDate: string | null;
  /** As the scheduler planned it. */
  readonly next: Date | null;
  /** In words: what else starts runs. */
  readonly otherwise: string | null;
}

/** Airflow's presets, as cron. */
const PRESETS: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@quarterly': '0 0 1 */3 *',
  '@yearly': '0 0 1 1 *',
};

/** `windlass dags next-execution (DAG_ID | --cron EXPRESSION)`: the next instants a schedule names, in UTC. */
export function dagsNextExecution(): Command {
  return listCommand('next-execution')
    .description('Print the next instants of a DAG, or of a cron expression')
    .argument('[dag_id]')
    .option('--cron <expression>', 'a cron expression or preset instead of a DAG')
    .option('--tz <zone>', 'time zone of the cron expression', 'UTC')
    .option('--after <instant>', 'only instants after this one (default: now)', parseInstant('--after'))
    .option('-n, --num-executions <n>', 'how many', parseCount('-n', 1, 10_000), 1)
    .action(async (dagId: string | undefined, flags: Flags) => {
      const { clock } = await import('../environment.ts');
      const { formatOf, print, printRows, say } = await import('../output.ts');
      const { schedule, startDate, next, otherwise } =
        flags.cron === undefined ? await scheduleOf(dagId) : cronSchedule(dagId, flags.cron, flags.tz);
      const startMs = startDate === null ? null : Date.parse(startDate);
      const afterMs = Math.max(flags.after?.getTime() ?? clock.now(), startMs === null ? Number.NEGATIVE_INFINITY : startMs - 1);
      const instants = upcomingTicks(schedule, afterMs, flags.numExecutions, startMs).map((tick) => new Date(tick).toISOString());
      // A timetable of a plugin is asked by the scheduler, which keeps its last answer.
      if (schedule.kind === 'custom' && next !== null) instants.push(next.toISOString());
      if (formatOf(flags) === 'json') return print(JSON.stringify(instants));
      if (formatOf(flags) === 'yaml')
        return printRows(
          instants.map((instant) => ({ instant })),
          flags,
        );
      for (const instant of instants) print(instant);
      if (instants.length === 0) say(`Nothing is due by time.${otherwise === null ? '' : ` It runs ${otherwise}.`}`);
    });
}

function cronSchedule(dagId: string | undefined, cron: string, timezone: string): Question {
  if (dagId !== undefined) throw new AppError('BAD_REQUEST', 'Give either a DAG id or --cron, not both.');
  return { schedule: { kind: 'cron', expression: PRESETS[cron] ?? cron, timezone }, startDate: null, next: null, otherwise: null };
}

async function scheduleOf(dagId: string | undefined): Promise<Question> {
  if (dagId === undefined)
    throw new AppError('BAD_REQUEST', 'Give a DAG id, or a schedule: windlass dags next-execution --cron "0 6 * * *"');
  const { withDatabase } = await import('../environment.ts');
  const { requireDag } = await import('../list-request.ts');
  return withDatabase(async ({ db }) => {
    const { head, next_run_after: next } = await requireDag(db, dagId);
    const otherwise = head.assetSchedule === undefined ? null : `on ${wordsOf(head.assetSchedule.condition)}`;
    return { schedule: head.schedule, startDate: head.startDate, next, otherwise };
  });
}
