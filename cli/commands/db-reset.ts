import { Command } from 'commander';
import { AppError } from '#core/errors.ts';

/** `windlass db reset --yes`: throws everything away, history and users included, and begins anew. */
export function dbReset(): Command {
  return new Command('reset')
    .description('Throw everything in the database away and begin anew')
    .option('-y, --yes', 'yes, really')
    .action(async (flags: { yes?: boolean }) => {
      const { openCliDatabase } = await import('../environment.ts');
      const { migrate } = await import('#platform/db/migrate.ts');
      const { resetSchema } = await import('#platform/db/reset.ts');
      const { say } = await import('../output.ts');
      if (flags.yes !== true)
        throw new AppError(
          'BAD_REQUEST',
          'This removes all DAG runs, logs of what happened, connections, variables and users. If you mean it: windlass db reset --yes',
        );
      const { db } = await openCliDatabase();
      try {
        await resetSchema(db);
        await migrate(db);
        say('The database is empty and has a new schema. Run windlass db migrate to make the first admin.');
      } finally {
        await db.close();
      }
    });
}
