import { Command } from 'commander';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import { parseCount } from '../parse-flag.ts';

type Change = (db: Queryable, backfillId: number) => Promise<boolean>;

/** `windlass backfill pause ID` */
export function backfillPause(): Command {
  return command('pause', 'Start no further run of a backfill', 'paused', async () => {
    const { changeBackfill } = await import('#platform/db/queries/backfill/change-backfill.ts');
    return (db, id) => changeBackfill(db, id, { isPaused: true });
  });
}

/** `windlass backfill unpause ID` */
export function backfillUnpause(): Command {
  return command('unpause', 'Go on with a paused backfill', 'not paused', async () => {
    const { changeBackfill } = await import('#platform/db/queries/backfill/change-backfill.ts');
    return (db, id) => changeBackfill(db, id, { isPaused: false });
  });
}

/** `windlass backfill cancel ID` */
export function backfillCancel(): Command {
  return command('cancel', 'End a backfill: its queued runs fail, those that run go on to their end', 'cancelled', async () => {
    const { cancelBackfill } = await import('#platform/db/queries/backfill/change-backfill.ts');
    return cancelBackfill;
  });
}

/** `windlass backfill set-max-active-runs ID N` */
export function backfillSetMaxActiveRuns(): Command {
  return idCommand('set-max-active-runs')
    .description('Change how many runs of a backfill run at once, also while it runs')
    .argument('<n>', '', parseCount('n', 1, 1_000))
    .action(async (backfillId: number, maxActiveRuns: number) => {
      const { changeBackfill } = await import('#platform/db/queries/backfill/change-backfill.ts');
      await change(backfillId, `running at most ${maxActiveRuns} runs at once`, (db, id) => changeBackfill(db, id, { maxActiveRuns }));
    });
}

function idCommand(name: string): Command {
  return new Command(name).argument('<backfill_id>', '', parseCount('backfill_id', 1, 2 ** 31));
}

function command(name: string, description: string, outcome: string, load: () => Promise<Change>): Command {
  return idCommand(name)
    .description(description)
    .action(async (backfillId: number) => change(backfillId, outcome, await load()));
}

async function change(backfillId: number, outcome: string, work: Change): Promise<void> {
  const { withDatabase } = await import('../environment.ts');
  const { say } = await import('../output.ts');
  const { requireBackfill, ringBackfill } = await import('../backfills.ts');
  await withDatabase(async (deps) => {
    const { dag_id } = await requireBackfill(deps.db, backfillId);
    if (!(await work(deps.db, backfillId)))
      throw new AppError('CONFLICT', `The backfill ${backfillId} of ${dag_id} is completed already. See: windlass backfill list`);
    await ringBackfill(deps, dag_id);
    say(`The backfill ${backfillId} of ${dag_id} is ${outcome} now.`);
  });
}
