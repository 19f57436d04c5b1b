/** Which files of the dags folder are looked at. */
import { type Dirent, existsSync, readFileSync, statSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { IgnoreFiles } from './ignore-files.ts';

const EXTENSIONS = /\.(ts|mts|js|mjs)$/;
const NO_DAGS = /(\.d\.ts|\.d\.mts|\.(test|spec)\.[mc]?[jt]s)$/;
const SKIPPED_FOLDERS = new Set(['node_modules', '__tests__']);
const FILES_MAX = 100_000;
/** No DAG file is that large; a dump that somebody named .js is. */
const MB = 1024 * 1024;
const FILE_MAX_BYTES = 16 * MB;
/** Not /dev/shm: that is memory, but its files are files. */
const PSEUDO_FOLDERS = /^\/(proc|sys|dev(?!\/shm\/))(\/|$)/;

/** Tells whether a path of the dags folder may hold DAGs. */
export function isDagFile(folder: string, path: string, ignored: IgnoreFiles = new IgnoreFiles(folder)): boolean {
  const inside = relative(folder, path);
  const parts = inside.split('/');
  if (inside.startsWith('..') || parts.some((part) => part.startsWith('.') || SKIPPED_FOLDERS.has(part))) return false;
  return EXTENSIONS.test(inside) && !NO_DAGS.test(inside) && !ignored.ignores(path, false);
}

/**
 * Every DAG file below the folder, absolute. A missing folder has none. Links are followed, as git-sync and the
 * like need it, but no folder is entered twice, nor what the kernel only pretends to be files.
 */
export async function listDagFiles(folder: string): Promise<readonly string[]> {
  if (!existsSync(folder)) return [];
  const ignored = new IgnoreFiles(folder);
  const found: string[] = [];
  const entered = new Set<string>();
  const enter = async (current: string): Promise<void> => {
    const real = await realpath(current).catch(() => null);
    if (real === null || entered.has(real) || PSEUDO_FOLDERS.test(real)) return;
    entered.add(real);
    const entries = await readdir(current, { withFileTypes: true }).catch(emptyIfClosed);
    for (const entry of entries) {
      const path = join(current, entry.name);
      if (found.length >= FILES_MAX) return;
      const kind = await kindOf(entry, path);
      if (kind === 'folder' && !isSkippedFolder(entry.name)) await enter(path);
      else if (kind === 'file' && isDagFile(folder, path, ignored)) found.push(path);
    }
  };
  await enter(folder);
  return found.sort();
}

/** Reads a file that may be a DAG; null when it is gone, or is no file (a pipe would keep us waiting). Throws in words. */
export function readDagFile(path: string): Buffer | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile()) return null;
  if (stats.size > FILE_MAX_BYTES)
    throw new Error(
      `The file is too large for a DAG file: ${Math.round(stats.size / MB)} MB, the limit is ${FILE_MAX_BYTES / MB} MB. Move it out of the dags folder, or name it in .windlassignore.`,
    );
  return readFileSync(path);
}

/** A closed folder, as lost+found is, hides only itself. Any other error must not look like files that were deleted. */
function emptyIfClosed(error: NodeJS.ErrnoException): Dirent[] {
  if (error.code === 'EACCES' || error.code === 'ENOENT') return [];
  throw error;
}

async function kindOf(entry: Dirent, path: string): Promise<'file' | 'folder' | 'other'> {
  const stats = entry.isSymbolicLink() ? await stat(path).catch(() => null) : entry;
  if (stats === null) return 'other';
  return stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other';
}

function isSkippedFolder(name: string): boolean {
  return name.startsWith('.') || SKIPPED_FOLDERS.has(name);
}
