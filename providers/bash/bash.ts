/** The `bash` task: as Airflow's BashOperator. */
import { type Field, FUNCTION, fields, optional, TEXT, TEXT_RECORD } from '#sdk/fields.ts';
import { defineTask, Skip } from '#sdk/index.ts';
import { runShell } from './run-shell.ts';

export interface BashInput {
  /** Given to `bash -c`. Begin it with `set -euo pipefail;` to fail at the first failing part. */
  readonly command: string;
  /** Added to the environment. Pass values here rather than pasting them into the command. */
  readonly env?: Readonly<Record<string, string>>;
  /** false: `env` is the whole environment, but for the names of the run. Default true. */
  readonly appendEnv?: boolean;
  /** Folder to run in, which must exist; default: the task process's own, empty one. */
  readonly cwd?: string;
  /** These exit codes skip the task instead of failing it; default 99, null = none. */
  readonly skipOnExitCode?: number | readonly number[] | null;
  /** Makes something of the last line, such as `JSON.parse`; it becomes `value` of the result. */
  readonly outputProcessor?: (lastLine: string) => unknown;
  /** Of what the command prints; default utf8. */
  readonly outputEncoding?: BufferEncoding;
}

export interface BashResult {
  readonly exitCode: number;
  /** The last line of stdout that is not empty. */
  readonly lastLine: string | null;
  /** What the output processor made of it. */
  readonly value?: unknown;
}

const SKIP_EXIT_CODE = 99;
const FLAG: Field = { fits: (value) => typeof value === 'boolean', wanted: 'true or false' };
const EXIT_CODES: Field = {
  fits: (value) => value === null || (Array.isArray(value) ? value : [value]).every((code) => Number.isSafeInteger(code)),
  wanted: 'an exit code, a list of them, or null',
};
const ENCODING: Field = {
  fits: (value) => typeof value === 'string' && Buffer.isEncoding(value),
  wanted: 'an encoding that Node knows, like "utf8" or "latin1"',
};

/** `task("clean_up", { command: "rm -rf /tmp/x" }, bash)`. Its output goes to the task's log, line by line. */
export const bash = defineTask({
  name: 'bash',
  input: fields<BashInput>({
    command: TEXT,
    env: optional(TEXT_RECORD),
    appendEnv: optional(FLAG),
    cwd: optional(TEXT),
    skipOnExitCode: optional(EXIT_CODES),
    outputProcessor: optional(FUNCTION),
    outputEncoding: optional(ENCODING),
  }),
  templateFields: ['command', 'env', 'cwd'],
  run: async (input, ctx): Promise<BashResult> => {
    const { command, env, cwd, skipOnExitCode = SKIP_EXIT_CODE, appendEnv, outputProcessor, outputEncoding } = input;
    const context = { WINDLASS_DAG_ID: ctx.run.dagId, WINDLASS_RUN_ID: ctx.run.id, WINDLASS_TASK_ID: ctx.task.id };
    const { exitCode, signal, lastLine } = await runShell({
      command,
      env: { ...context, ...env },
      inheritsEnv: appendEnv ?? true,
      encoding: outputEncoding ?? 'utf8',
      cwd,
      signal: ctx.signal,
      onLine: (line, stream) => ctx.log.info(line, stream === 'stderr' ? { stream } : undefined),
    });
    if (exitCode === 0)
      return outputProcessor === undefined ? { exitCode, lastLine } : { exitCode, lastLine, value: await outputProcessor(lastLine ?? '') };
    if (exitCode !== null && [skipOnExitCode].flat().includes(exitCode)) throw new Skip(`the command ended with exit code ${exitCode}`);
    throw new Error(
      exitCode === null
        ? `The command was ended by ${signal}.`
        : `The command ended with exit code ${exitCode}. Its output is in the log above.`,
    );
  },
});
