/**
 * Postgres refuses to run as root, and a program we start for the user needs no root either. As root we run
 * such programs as the system's `nobody`; as anyone else we run them as ourselves.
 */
import { chownSync, readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { AppError } from '#core/errors.ts';

export interface RunAs {
  readonly uid: number;
  readonly gid: number;
}

/** Users without rights that exist on practically every Unix, best first. Postgres wants one with a passwd entry. */
const CANDIDATES = ['nobody', 'daemon', 'bin'];

/** Who to run unprivileged programs as; undefined = as ourselves (we are not root). */
export function unprivilegedUser(): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of CANDIDATES) {
    const [, , uid, gid] = lines.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid !== undefined && gid !== undefined && uid !== '0') return { uid: Number(uid), gid: Number(gid) };
  }
  throw new AppError(
    'POSTGRES_FAILED',
    'Postgres refuses to run as root, and /etc/passwd names no unprivileged user (nobody) to run it as. Start Windlass as another user, or set DATABASE_URL.',
  );
}

/** Whether `user` may pass through every folder down to `path`. */
export function canTraverse(path: string, user: RunAs | undefined): boolean {
  if (user === undefined) return true;
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    const stats = statSync(folder, { throwIfNoEntry: false });
    if (stats !== undefined && !mayEnter(stats, user)) return false;
    if (folder === dirname(folder)) return true;
  }
}

function mayEnter(stats: Stats, user: RunAs): boolean {
  if (!stats.isDirectory()) return true;
  if (stats.uid === user.uid) return (stats.mode & 0o100) !== 0;
  if (stats.gid === user.gid) return (stats.mode & 0o010) !== 0;
  return (stats.mode & 0o001) !== 0;
}

export function giveTo(path: string, user: RunAs | undefined): void {
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}
