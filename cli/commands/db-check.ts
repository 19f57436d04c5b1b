import type { Command } from 'commander';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

/** `windlass db check`: exits with 0 when the database answers and has the schema this Windlass needs. */
export function dbCheck(): Command {
  return listCommand('check')
    .description('Check that the database answers and has the right schema')
    .action(async (options: OutputOptions) => {
      const { openCliDatabase } = await import('../environment.ts');
      const { checkSchema } = await import('#platform/db/migrate.ts');
      const { formatOf, print, printRecord } = await import('../output.ts');
      const { db } = await openCliDatabase();
      try {
        const state = await checkSchema(db);
        if (formatOf(options) === 'table') print(`The database answers; its schema is version ${state.current}, as it should be.`);
        else printRecord({ status: 'healthy', schema_version: state.current }, options);
      } finally {
        await db.close();
      }
    });
}
