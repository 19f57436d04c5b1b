import { Command } from 'commander';
import { parseJsonObject } from '../parse-flag.ts';

interface Flags {
  readonly conf?: Readonly<Record<string, unknown>>;
  readonly json?: boolean;
  readonly dag?: string;
  readonly answer: readonly string[];
}

/** `windlass dags test FILE_OR_ID`: one run in this very process, without a database, so that breakpoints work. */
export function dagsTest(): Command {
  return new Command('test')
    .description('Run a DAG once in this process: no database is needed for a file, and breakpoints work')
    .argument('<file_or_dag_id>', 'a DAG file, or the id of a DAG in the dags folder')
    .option('-c, --conf <json>', 'params of the run, a JSON object', parseJsonObject('--conf'))
    .option('--dag <dag_id>', 'which DAG, when the file has several')
    .option(
      '--answer <task=option>',
      'answer what a task asks a person (several options with commas, or JSON with "options" and "form"); else it asks here',
      (value: string, before: readonly string[]) => [...before, value],
      [],
    )
    .option('--json', 'print the final state of the run and of each task instance as JSON (docs/testing.md), and nothing else')
    .action(async (target: string, { answer, ...flags }: Flags) => {
      const { testDag } = await import('../dag-test/test-dag.ts');
      process.exitCode = await testDag({ target, answers: answer, ...flags });
    });
}
