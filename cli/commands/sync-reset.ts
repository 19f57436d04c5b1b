import { Command } from 'commander';
import { AppError } from '#core/errors.ts';
import type { SyncResetRows } from '#core/sync/sync-report.ts';
import type { SyncRow } from '#platform/db/queries/sync/list-syncs.ts';
import type { CliDeps } from '../environment.ts';

interface Flags {
  readonly dagId?: string;
  readonly taskId?: string;
  readonly to?: string;
  readonly keepRows?: boolean;
  readonly removeRows?: boolean;
  readonly withdraw?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** `windlass sync reset STREAM`: says what will happen, asks, and leaves a wish that the next run carries out. */
export function syncReset(): Command {
  return new Command('reset')
    .description('Let the next run of a stream begin from the start; says what will happen and asks first')
    .argument('<stream>', 'its name in sync(…)')
    .option('-d, --dag-id <id>', 'of this DAG')
    .option('-t, --task-id <id>', 'of this task')
    .option('--to <destination>', 'into this destination, as sync list shows it')
    .option('--keep-rows', 'leave the rows that are there; without a key, what was synced before is there twice then')
    .option('--remove-rows', 'remove the rows that are there, before the first page')
    .option('--withdraw', 'take back a reset that no run has begun')
    .option('--dry-run', 'only say what would happen')
    .option('-y, --yes', 'do not ask')
    .action(reset);
}

async function reset(stream: string, flags: Flags): Promise<void> {
  const { withDatabase } = await import('../environment.ts');
  const { requireSync, taskOf } = await import('../syncs.ts');
  const { say } = await import('../output.ts');
  const { confirm } = await import('../confirm.ts');
  const { wordsOfReset } = await import('#core/sync/reset-words.ts');
  const { checkReset, resettable } = await import('#platform/sync/ask-reset.ts');
  const wanted = rowsOf(flags);
  await withDatabase(async (deps) => {
    const row = await requireSync(deps.db, stream, flags);
    if (flags.withdraw) return withdraw(deps, row);
    const rows = await checkReset(deps.db, row, wanted).catch((error: unknown) => {
      throw inFlags(error, wanted);
    });
    const known = resettable(row);
    if (known !== null) say(`${taskOf(row)}: ${wordsOfReset(known, rows)}`);
    if (flags.dryRun) return say('Nothing was done.');
    await confirm(`Begin "${stream}" from the start?`, flags.yes === true);
    await ask(deps, row, rows);
    const waits = row.is_paused ? ` ${row.dag_id} is paused: windlass dags unpause ${row.dag_id}` : '';
    say(`The next run of ${taskOf(row)} begins "${stream}" from the start.${waits}`);
  });
}

function rowsOf({ keepRows, removeRows, withdraw: isWithdrawal }: Flags): SyncResetRows | null {
  if ([keepRows, removeRows, isWithdrawal].filter(Boolean).length > 1)
    throw new AppError('BAD_REQUEST', 'Say one of --keep-rows, --remove-rows and --withdraw.');
  return keepRows ? 'keep' : removeRows ? 'remove' : null;
}

/** The same in the words of the command line. */
function inFlags(error: unknown, wanted: SyncResetRows | null): unknown {
  if (!(error instanceof AppError)) return error;
  if (error.code === 'BAD_REQUEST' && wanted === null)
    return new AppError('BAD_REQUEST', `${error.message} Say --remove-rows or --keep-rows.`);
  return error.code === 'CONFLICT' && wanted === 'remove' && error.message.includes('Keep the rows')
    ? new AppError('CONFLICT', `${error.message} (--keep-rows)`)
    : error;
}

async function ask(deps: CliDeps, row: SyncRow, rows: SyncResetRows): Promise<void> {
  const { CLI_USER } = await import('../change-of-mind.ts');
  const { askReset } = await import('#platform/sync/ask-reset.ts');
  await deps.db.transaction('ask_sync_reset', async (tx) => {
    await askReset(tx, row, rows, CLI_USER);
    await audit(tx, row, 'sync.reset', { rows });
  });
  await ring(deps);
}

async function withdraw(deps: CliDeps, row: SyncRow): Promise<void> {
  const { CLI_USER } = await import('../change-of-mind.ts');
  const { say } = await import('../output.ts');
  const { withdrawReset } = await import('#platform/sync/ask-reset.ts');
  await deps.db.transaction('withdraw_sync_reset', async (tx) => {
    await withdrawReset(tx, row, CLI_USER);
    await audit(tx, row, 'sync.reset_withdraw', {});
  });
  await ring(deps);
  say(`"${row.stream}" goes on where it stopped.`);
}

async function audit(tx: import('#platform/db/client.ts').Queryable, row: SyncRow, action: string, extra: object): Promise<void> {
  const { insertAuditRow } = await import('#platform/db/queries/api/insert-audit-row.ts');
  const { CLI_USER } = await import('../change-of-mind.ts');
  await insertAuditRow(tx, {
    actor: CLI_USER,
    action,
    dagId: row.dag_id,
    runId: null,
    taskId: row.task_id,
    mapIndex: null,
    requestId: null,
    extra: { stream: row.stream, destination: row.destination, ...extra },
  });
}

async function ring(deps: CliDeps): Promise<void> {
  (await deps.broker()).ring('ui_events', { topics: ['syncs'] });
}
