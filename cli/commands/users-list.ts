import type { Command } from 'commander';
import { listCommand } from '../list-option.ts';
import type { OutputOptions } from '../output.ts';

/** `windlass users list` */
export function usersList(): Command {
  return listCommand('list')
    .description('List the users')
    .action(async (flags: OutputOptions) => {
      const { withDatabase } = await import('../environment.ts');
      const { printRows } = await import('../output.ts');
      const { listUsers } = await import('#platform/db/queries/auth/list-users.ts');
      await withDatabase(async ({ db }) => {
        const users = await listUsers(db);
        printRows(
          users.map((user) => ({
            username: user.username,
            role: user.role,
            email: user.email,
            is_active: user.is_active,
            created_at: user.created_at,
          })),
          flags,
        );
      });
    });
}
