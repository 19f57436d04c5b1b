/** A temp folder for each task process, which goes with it: what bodies leave there fills no disk. */
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTemporaryFolder } from '#platform/temporary-folder.ts';

/** Task processes may have another user: it may go through, and see nothing of its neighbours. */
const PASSAGE_MODE = 0o711;

let root: string | undefined;

/** Makes and returns it. `uid` owns it when task processes have a user of their own. */
export function makeTempFolder(mark: string, uid: number | null): string {
  root ??= makeRoot();
  const folder = join(root, mark);
  mkdirSync(folder, { mode: 0o700 });
  if (uid !== null) chownSync(folder, uid, uid);
  return folder;
}

/** Never rejects: what cannot be removed now goes with the folder of this worker, which the next one removes. */
export async function removeTempFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch(() => {});
}

function makeRoot(): string {
  const folder = makeTemporaryFolder('tasks');
  chmodSync(folder, PASSAGE_MODE);
  return folder;
}
