/** Options that several commands share. */
import { Command } from 'commander';
import { parseCount } from './parse-flag.ts';

/** A command whose result is a list or a record: `--json`, and Airflow's `-o`. */
export function listCommand(name: string): Command {
  return new Command(name).option('--json', 'print JSON, and nothing else').option('-o, --output <format>', 'table, json, yaml or plain');
}

/** How many rows at most. */
export function withLimit(command: Command, fallback = 100): Command {
  return command.option('--limit <n>', 'at most so many rows', parseCount('--limit', 1), fallback);
}
