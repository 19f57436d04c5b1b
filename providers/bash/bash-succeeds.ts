/** A check for sensors: does a command succeed? As Airflow's BashSensor. */
import { type Ctx, Fatal, notYet, type Pending } from '#sdk/index.ts';
import { runShell } from './run-shell.ts';

export interface BashSucceedsOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** This exit code fails the try, instead of meaning "not yet". */
  readonly retryExitCode?: number;
}

/** `sensor("ready", bashSucceeds("test -f /data/ready"), { every: "1m" })`: exit code 0 is what is waited for; the result is its last line. */
export function bashSucceeds(command: string, options: BashSucceedsOptions = {}): (ctx: Ctx<unknown>) => Promise<string | null | Pending> {
  return async (ctx) => {
    const outcome = await runShell({
      command,
      env: options.env,
      cwd: options.cwd,
      signal: ctx.signal,
      onLine: (line) => ctx.log.info(line),
    }).catch((cause: Error) => {
      throw ctx.signal.aborted ? cause : new Fatal(`The command cannot be run: ${cause.message}`, { cause });
    });
    if (outcome.exitCode === 0) return outcome.lastLine;
    if (options.retryExitCode !== undefined && outcome.exitCode === options.retryExitCode)
      throw new Error(`The command ended with exit code ${outcome.exitCode}, which fails the try (retryExitCode).`);
    return notYet({ note: outcome.signal === null ? `exit code ${outcome.exitCode}` : `ended by ${outcome.signal}` });
  };
}
