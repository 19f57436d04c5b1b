/** Is there a file (or a match of a glob) on this machine? */
import { glob, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { WaiterArgs } from '#core/waiting/kinds.ts';
import type { Seen } from './look.ts';

const GLOB = /[*?[\]{}]/;
/** A look at a huge folder ends somewhere. */
const ENTRIES_MAX = 10_000;

interface FileArgs {
  readonly path: string;
  /** A folder counts only when a file is somewhere below it. */
  readonly recursive?: boolean;
  /** Wait until it is gone. */
  readonly gone?: boolean;
}

/** The value is the path that was found: the first in the order of names. */
export async function lookFile(args: WaiterArgs): Promise<Seen> {
  const { path, recursive = false, gone = false } = args as unknown as FileArgs;
  const found = GLOB.test(path) ? await firstMatch(path) : await existing(path, recursive);
  if (gone) return found === null ? { seen: 'found', value: null } : { seen: 'nothing', note: `${found} is still there` };
  return found === null ? { seen: 'nothing', note: 'no such file' } : { seen: 'found', value: found };
}

async function firstMatch(pattern: string): Promise<string | null> {
  const matches: string[] = [];
  for await (const match of glob(pattern)) {
    matches.push(match);
    if (matches.length >= ENTRIES_MAX) break;
  }
  return matches.sort()[0] ?? null;
}

/** Airflow: a folder counts when it holds a file. */
async function existing(path: string, recursive: boolean): Promise<string | null> {
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
    throw error;
  });
  if (info === null) return null;
  if (!info.isDirectory()) return path;
  for await (const entry of glob(join(path, recursive ? '**/*' : '*'))) if ((await stat(entry).catch(() => null))?.isFile()) return path;
  return null;
}
