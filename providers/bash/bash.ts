/** The `bash` task: as Airflow's BashOperator. */
import { fields, optional, TEXT, TEXT_RECORD, WHOLE_NUMBER } from '#sdk/fields.ts';
import { defineTask, Skip } from '#sdk/index.ts';
import { runShell } from './run-shell.ts';

export interface BashInput {
  /** Given to `bash -c`. Begin it with `set -euo pipefail;` to fail at the first failing part. */
  readonly command: string;
  /** Added to the environment. Pass values here rather than pasting them into the command. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder to run in; default: the task process's own, empty one. */
  readonly cwd?: string;
  /** This exit code skips the task instead of failing it; default 99. */
  readonly skipOnExitCode?: number;
}

export interface BashResult {
  readonly exitCode: number;
  /** The last line of stdout that is not empty. */
  readonly lastLine: string | null;
}

const SKIP_EXIT_CODE = 99;

/** `task("clean_up", { command: "rm -rf /tmp/x" }, bash)`. Its output goes to the task's log, line by line. */
export const bash = defineTask({
  name: 'bash',
  input: fields<BashInput>({ command: TEXT, env: optional(TEXT_RECORD), cwd: optional(TEXT), skipOnExitCode: optional(WHOLE_NUMBER) }),
  templateFields: ['command', 'env', 'cwd'],
  run: async ({ command, env, cwd, skipOnExitCode = SKIP_EXIT_CODE }, ctx): Promise<BashResult> => {
    const context = { WINDLASS_DAG_ID: ctx.run.dagId, WINDLASS_RUN_ID: ctx.run.id, WINDLASS_TASK_ID: ctx.task.id };
    const { exitCode, signal, lastLine } = await runShell({
      command,
      env: { ...context, ...env },
      cwd,
      signal: ctx.signal,
      onLine: (line, stream) => ctx.log.info(line, stream === 'stderr' ? { stream } : undefined),
    });
    if (exitCode === 0) return { exitCode, lastLine };
    if (exitCode === skipOnExitCode) throw new Skip(`the command ended with exit code ${exitCode}`);
    throw new Error(
      exitCode === null
        ? `The command was ended by ${signal}.`
        : `The command ended with exit code ${exitCode}. Its output is in the log above.`,
    );
  },
});
