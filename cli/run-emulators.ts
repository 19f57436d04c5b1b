/** Runs the emulators until a signal comes, and says how to use them. */
import { AppError } from '#core/errors.ts';
import { EMULATOR_PORTS, type EmulatorPorts, type RunningEmulators, startEmulators } from '../emulators/main.ts';
import { clock } from './environment.ts';

/** Resolves with the exit code, when they have stopped. */
export async function runEmulators(ports: EmulatorPorts = EMULATOR_PORTS): Promise<number> {
  const running = await startEmulators({ ports, clock }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new AppError('CONFLICT', `A port is taken already (${error.message}). Choose others: windlass emulators --help`);
  });
  process.stdout.write(said(running));
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await running.stop();
  return 0;
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
