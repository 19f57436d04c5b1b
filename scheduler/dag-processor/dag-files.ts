/** Which files of the dags folder are looked at. */
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, matchesGlob, relative } from 'node:path';

const EXTENSIONS = /\.(ts|mts|js|mjs)$/;
const NO_DAGS = /(\.d\.ts|\.d\.mts|\.(test|spec)\.[mc]?[jt]s)$/;
const SKIPPED_FOLDERS = new Set(['node_modules', '__tests__']);
const FILES_MAX = 100_000;

/** Tells whether a path of the dags folder may hold DAGs. */
export function isDagFile(folder: string, path: string, ignored: readonly string[]): boolean {
  const inside = relative(folder, path);
  const parts = inside.split('/');
  if (inside.startsWith('..') || parts.some((part) => part.startsWith('.') || SKIPPED_FOLDERS.has(part))) return false;
  return EXTENSIONS.test(inside) && !NO_DAGS.test(inside) && !ignored.some((glob) => matchesGlob(inside, glob));
}

/** The globs of `.windlassignore`, one a line, `#` for comments. */
export function readIgnored(folder: string): readonly string[] {
  const file = join(folder, '.windlassignore');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

/** Every DAG file below the folder, absolute. A missing folder has none. */
export async function listDagFiles(folder: string): Promise<readonly string[]> {
  if (!existsSync(folder)) return [];
  const ignored = readIgnored(folder);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => isDagFile(folder, path, ignored))
    .slice(0, FILES_MAX)
    .sort();
}
