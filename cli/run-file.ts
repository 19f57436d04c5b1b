/**
 * `run.json` in the data folder: where the running standalone can be reached. Other commands in the same
 * project read it, so that they work without settings. Holds passwords: 0600.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '#platform/embedded/data-folder.ts';
import { processStart } from '#platform/embedded/process-identity.ts';

export interface RunFile {
  readonly pid: number;
  /** Start time of the process, so that a reused pid is not taken for it. */
  readonly start: string;
  readonly databaseUrl: string;
  /** Empty: the broker is Postgres. */
  readonly redisUrl: string;
  readonly secretKey: string;
  /** The database for users' tasks; empty with a Postgres of the user's own. */
  readonly warehouseUrl: string;
  readonly webUrl: string;
  readonly monitorUrl: string;
}

export function writeRunFile(dataFolder: string, run: Omit<RunFile, 'pid' | 'start'>): void {
  const identity = { pid: process.pid, start: processStart(process.pid) ?? '' };
  writeDurably(join(dataFolder, 'run.json'), `${JSON.stringify({ ...identity, ...run }, null, 2)}\n`);
}

export function removeRunFile(dataFolder: string): void {
  rmSync(join(dataFolder, 'run.json'), { force: true });
}

/** Undefined when no standalone runs in this project (also after one was killed). */
export function readRunFile(dataFolder: string): RunFile | undefined {
  try {
    const run = JSON.parse(readFileSync(join(dataFolder, 'run.json'), 'utf8')) as RunFile;
    return processStart(run.pid) === run.start ? run : undefined;
  } catch {
    return undefined;
  }
}
