import { Command } from 'commander';
import { AppError } from '#core/errors.ts';

interface Flags {
  readonly username: string;
  readonly role: string;
  readonly email?: string;
  readonly password?: string;
  readonly useRandomPassword?: boolean;
}

/** `windlass users create -u NAME -r ROLE (-p PASSWORD | --use-random-password)`; "-p -" reads it from standard input. */
export function usersCreate(): Command {
  return new Command('create')
    .description('Add a user')
    .requiredOption('-u, --username <name>', 'name to log in with')
    .requiredOption('-r, --role <role>', 'viewer, user, op or admin')
    .option('-e, --email <address>')
    .option('-f, --firstname <name>', 'accepted as in Airflow, not kept')
    .option('-l, --lastname <name>', 'accepted as in Airflow, not kept')
    .option('-p, --password <password>', 'the password; "-" reads it from standard input, which keeps it out of the process list')
    .option('--use-random-password', 'make a random password and print it')
    .action(async (flags: Flags) => {
      const { withDatabase } = await import('../environment.ts');
      const { createUser } = await import('#platform/auth/users.ts');
      const { newSecret } = await import('#platform/clock.ts');
      const { print, say } = await import('../output.ts');
      if ((flags.password === undefined) === (flags.useRandomPassword !== true))
        throw new AppError('BAD_REQUEST', 'Give either --password or --use-random-password.');
      const password = flags.password === undefined ? newSecret(12) : flags.password === '-' ? await readLine() : flags.password;
      await withDatabase(async ({ db }) => {
        const role = flags.role.toLowerCase();
        await createUser(db, { username: flags.username, role, password, email: flags.email ?? null });
        say(`Made the user ${flags.username} with the role ${role}.`);
        if (flags.useRandomPassword) print(password);
      });
    });
}

async function readLine(): Promise<string> {
  const { createInterface } = await import('node:readline');
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new AppError('BAD_REQUEST', 'Standard input holds no password.');
}
