/**
 * Folders for the life of one process, under the system's temp folder. A process that was killed leaves its own behind: the
 * next one that makes one removes it, and so does retention. The name holds who owns it, as a pid alone is given out again.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { processStart } from './embedded/process-identity.ts';
import { privateFolder } from './private-folder.ts';

/** <kind>-<machine>-<pid>-<start of the process>-<random> */
const NAME = /^[a-z-]+-([^-]*)-(\d+)-(\d*)-[A-Za-z0-9]{6}$/;
/** Without the dashes that part a name. */
const MACHINE = hostname().replace(/[^A-Za-z0-9.]/g, '_');

/** Makes an empty folder that only this user may enter, and returns its path. Its maker removes it when it ends in order. */
export function makeTemporaryFolder(kind: string): string {
  const root = privateFolder('temporary');
  removeLeftovers();
  return mkdtempSync(join(root, `${kind}-${MACHINE}-${process.pid}-${processStart(process.pid) ?? ''}-`));
}

/** Of this machine only: another one that shares the folder knows its own processes. */
export function removeLeftovers(): void {
  const root = privateFolder('temporary');
  for (const name of readdirSync(root)) {
    const [, machine, pid, start] = NAME.exec(name) ?? [];
    if (machine !== MACHINE || pid === undefined || processStart(Number(pid)) === start) continue;
    rmSync(join(root, name), { recursive: true, force: true });
  }
}
