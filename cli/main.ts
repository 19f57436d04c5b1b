/** `windlass`: finds the command, runs it, and turns what goes wrong into a message and an exit code. */
import { Command, CommanderError } from 'commander';
import { WINDLASS_VERSION } from '#platform/version.ts';
import { COMMANDS, GROUPS } from './commands.ts';
import { sayMistypedFirst } from './mistyped-options.ts';
import { sayError } from './output.ts';

/** Runs one command line; resolves with the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = buildProgram();
  try {
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode; // commander has said it
    sayError(error, program.opts<{ verbose?: boolean }>().verbose === true || argv.includes('--verbose'));
    return 1;
  }
}

/** The whole command tree; exported for the test of the README's table. */
export function buildProgram(): Command {
  const program = settled(new Command('windlass'))
    .description('Airflow for TypeScript: a distributed scheduler with workers.')
    .version(WINDLASS_VERSION)
    .option('--verbose', 'show the stack of an error');
  const groups = new Map<string, Command>();
  for (const [name, description] of Object.entries(GROUPS)) {
    const group = settled(new Command(name)).description(description);
    program.addCommand(group);
    groups.set(name, group);
  }
  for (const { group, define } of COMMANDS) {
    const command = define();
    settled(command).option('--verbose', 'show the stack of an error');
    (group === undefined ? program : (groups.get(group) as Command)).addCommand(command);
  }
  return program;
}

/** Every level throws instead of exiting, suggests near names, and shows help after a mistake in its use. */
function settled(command: Command): Command {
  sayMistypedFirst(command);
  return command
    .exitOverride()
    .showSuggestionAfterError(true)
    .showHelpAfterError(`(add --help for what it takes)`)
    .configureOutput({ writeErr: (text) => process.stderr.write(text) });
}
