import { Command } from 'commander';
import { AppError } from '#core/errors.ts';
import { parseCount, parseJsonObject } from '../parse-flag.ts';

interface Flags {
  readonly form?: Readonly<Record<string, unknown>>;
  readonly mapIndex?: number;
  readonly as: string;
}

/** `windlass approvals answer DAG RUN TASK OPTION...` */
export function approvalsAnswer(): Command {
  return new Command('answer')
    .description('Answer what a task asks; the first answer counts')
    .argument('<dag_id>')
    .argument('<run_id>')
    .argument('<task_id>')
    .argument('<option...>', 'what is chosen')
    .option('--form <json>', 'the fields of the form, a JSON object', parseJsonObject('--form'))
    .option('--map-index <n>', 'which instance of a mapped task', parseCount('--map-index', 0, 2 ** 31 - 1))
    .option('--as <username>', 'who answers; only who is asked may, when the task says who is', 'cli')
    .action((dagId: string, runId: string, taskId: string, options: string[], flags: Flags) =>
      answer({ dagId, runId, taskId }, options, flags),
    );
}

async function answer(ids: { dagId: string; runId: string; taskId: string }, chosen: readonly string[], flags: Flags): Promise<void> {
  const { withDatabase } = await import('../environment.ts');
  const { requireRun } = await import('../list-request.ts');
  const { say } = await import('../output.ts');
  const { answerApproval } = await import('#platform/approvals/answer-approval.ts');
  const { findApprovalOf } = await import('#platform/db/queries/approvals/find-approval.ts');
  const { insertAuditRow } = await import('#platform/db/queries/api/insert-audit-row.ts');
  await withDatabase(async (deps) => {
    const { run_id: runId } = await requireRun(deps.db, ids.dagId, ids.runId);
    const key = { ...ids, runId, mapIndex: flags.mapIndex ?? -1 };
    const row = await findApprovalOf(deps.db, key);
    if (row === null)
      throw new AppError(
        'NOT_FOUND',
        `The task ${ids.taskId} of that run asks nothing. See: windlass approvals list --dag-id ${ids.dagId}`,
      );
    const { resolved } = await deps.db.transaction('answer_approval', async (tx) => {
      const taken = await answerApproval(tx, row, { chosen, form: flags.form ?? {}, by: flags.as });
      await insertAuditRow(tx, {
        actor: `cli:${flags.as}`,
        action: 'approval.answer',
        dagId: key.dagId,
        runId,
        taskId: key.taskId,
        mapIndex: key.mapIndex,
        requestId: null,
        extra: { subject: row.subject, chosen },
      });
      return taken;
    });
    const bell = await deps.broker();
    bell.ring('task_instances_ended', { shards: resolved.map((one) => one.shard), ids: resolved.map((one) => one.taskInstanceId) });
    bell.ring('ui_events', { topics: ['dags', `dag:${key.dagId}`, `run:${key.dagId}/${runId}`] });
    say(`"${row.subject}" is answered: ${chosen.join(', ')}.`);
  });
}
