/** Runs the emulators until a signal comes, or as long as a command that uses them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { AppError } from '#core/errors.ts';
import { wholeEnvironment } from '#platform/config/child-environment.ts';
import { type EmulatorPorts, type RunningEmulators, startEmulators } from '../emulators/main.ts';
import { clock } from './environment.ts';

/** Resolves with the exit code, when they have stopped: that of the command, if there is one. */
export async function runEmulators(ports: EmulatorPorts, command: readonly string[]): Promise<number> {
  const running = await startEmulators({ ports, clock }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new AppError('CONFLICT', `A port is taken already (${error.message}). Choose others: windlass emulators --help`);
  });
  try {
    if (command.length > 0) return await runBeside(running, command);
    process.stdout.write(said(running));
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
    return 0;
  } finally {
    await running.stop();
  }
}

/** Connections that the environment has already stay as they are. */
async function runBeside({ connections }: RunningEmulators, [program = '', ...args]: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit', env: { ...connections, ...wholeEnvironment() } });
  const passOn = passSignals(child);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) => reject(new AppError('BAD_REQUEST', `${program} cannot be started: ${cause.message}`, {}, { cause })));
      child.once('exit', (code) => resolve(code ?? 1));
    });
  } finally {
    passOn();
  }
}

/** A terminal sends Ctrl-C to the command as well: ours waits for it to end. */
function passSignals(child: ChildProcess): () => void {
  const onInterrupt = () => undefined;
  const onTerminate = () => void child.kill('SIGTERM');
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  return () => {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
  };
}

function said({ urls, connections }: RunningEmulators): string {
  const lines = Object.entries(connections).map(([name, url]) => `${name}='${url}'`);
  return [
    `Google Cloud Storage  ${urls.gcs}`,
    `BigQuery              ${urls.bigquery}`,
    `S3                    ${urls.s3 ?? 'not installed: npm install --include=dev'}`,
    '',
    'Everything is in memory, and gone when this ends (Ctrl-C). Let tasks find them, in .env or the environment:',
    '',
    ...lines,
    '',
  ].join('\n');
}
