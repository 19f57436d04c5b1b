/**
 * A child that cannot outlive us: a tiny shell stands between, which sends the stop signal to the program when
 * our end of its standard input closes. That happens on a clean stop and just as well when we are killed.
 * The child has a session of its own, so Ctrl-C at the terminal reaches us alone and we decide the order.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { AppError, type ErrorCode } from '#core/errors.ts';
import type { Clock } from '#platform/clock.ts';
import { rotateLog } from '../logs/rotate-log.ts';
import type { RunAs } from './unprivileged-user.ts';

export interface GuardedOptions {
  readonly program: string;
  readonly args: readonly string[];
  readonly user: RunAs | undefined;
  /** Signal that makes the program stop cleanly and soon. */
  readonly stopSignal: 'INT' | 'TERM';
  /** Code of the error when the program cannot even be started. */
  readonly failure: ErrorCode;
  /** Receives stdout and stderr. */
  readonly logFile: string;
  /** The whole environment of the program. */
  readonly environment: Readonly<Record<string, string>>;
  readonly clock: Clock;
}

export interface GuardedProcess {
  /** Resolves with the exit code when the program has ended, for whatever reason. */
  readonly ended: Promise<number>;
  readonly hasEnded: () => boolean;
  /** Asks, waits at most `graceMs`, then kills. Idempotent. */
  stop(graceMs: number): Promise<void>;
}

const ROTATE_EVERY_MS = 60_000;

const GUARD = `exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ cat <&3 >/dev/null; kill -$STOP_SIGNAL $child; } 2>/dev/null &
wait $child`;

export function spawnGuarded(options: GuardedOptions): GuardedProcess {
  rotateLog(options.logFile);
  const log = openSync(options.logFile, 'a', 0o600);
  const child = spawn('/bin/sh', ['-c', GUARD, 'windlass-guard', options.program, ...options.args], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', ...options.environment, STOP_SIGNAL: options.stopSignal },
    detached: true,
    stdio: ['pipe', log, log],
    ...options.user,
  });
  closeSync(log);
  child.stdin?.on('error', () => {}); // EPIPE: the program ended first
  let over = false;
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new AppError(options.failure, `${options.program} could not be started: ${cause.message}`, {}, { cause })),
    );
    child.once('exit', (code) => {
      over = true;
      child.stdin?.end(); // lets the guard's waiting half go
      resolve(code ?? 1);
    });
  });
  const rotating = new AbortController();
  const rotate = async () => {
    while (await options.clock.sleep(ROTATE_EVERY_MS, rotating.signal)) rotateLog(options.logFile);
  };
  void rotate();
  ended
    .catch(() => {
      over = true;
    })
    .finally(() => rotating.abort());

  return {
    ended,
    hasEnded: () => over,
    async stop(graceMs) {
      if (over || child.pid === undefined) return;
      child.stdin?.end();
      const deadline = new AbortController();
      await Promise.race([ended, options.clock.sleep(graceMs, deadline.signal)]);
      deadline.abort();
      if (over) return;
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
}
