/** Folders of runs, `<root>/dag_id=…/run_id=…`, in which logs and scratch files lie: which there are, how large, how long quiet. */
import { lstat, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FRAMES_BESIDE } from '#platform/xcom/frame-refs.ts';

export interface RunFolder {
  readonly path: string;
  readonly dagId: string;
  readonly runId: string;
}

export interface FolderSize {
  readonly bytes: number;
  /** When something in it was written last; ms since 1970. */
  readonly newestMs: number;
}

/** One after the other, so that a million of them need no memory. */
export async function* runFolders(root: string): AsyncGenerator<RunFolder> {
  for (const dag of await namesIn(root, 'dag_id='))
    for (const run of await namesIn(join(root, dag), 'run_id='))
      yield { path: join(root, dag, run), dagId: dag.slice('dag_id='.length), runId: runIdOf(run) };
}

/** What was brought for a run stays as long as its folder. */
function runIdOf(name: string): string {
  const runId = name.slice('run_id='.length);
  return runId.endsWith(FRAMES_BESIDE) ? runId.slice(0, -FRAMES_BESIDE.length) : runId;
}

async function namesIn(folder: string, prefix: string): Promise<readonly string[]> {
  const found = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return found.filter((entry) => entry.isDirectory() && entry.name.startsWith(prefix)).map((entry) => entry.name);
}

/** Never follows links. What goes away meanwhile counts nothing. */
export async function sizeOf(path: string): Promise<FolderSize> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return { bytes: 0, newestMs: 0 };
  if (!found.isDirectory()) return { bytes: found.size, newestMs: found.mtimeMs };
  let [bytes, newestMs] = [0, found.mtimeMs];
  for (const name of await readdir(path).catch(() => [])) {
    const inside = await sizeOf(join(path, name));
    bytes += inside.bytes;
    newestMs = Math.max(newestMs, inside.newestMs);
  }
  return { bytes, newestMs };
}

/** A file that is written meanwhile keeps the rest of the folder there until the next time. */
export async function removeRunFolder({ path }: RunFolder): Promise<boolean> {
  const removed = await rm(path, { recursive: true, force: true }).then(
    () => true,
    () => false,
  );
  await rmdir(join(path, '..')).catch(() => {}); // the DAG's, when that was its last run
  return removed;
}
