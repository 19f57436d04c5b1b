/**
 * The sdk as DAG bundles import it: ES modules beside them, `./sdk/index.mjs` and so on. A bundle lies in the folder of
 * the sdk it was parsed with, so a relative import is all it takes to get that one and no other.
 */
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Path below `sdk/` -> text of the module. */
export type SdkModules = Readonly<Record<string, string>>;

/** Where a bundle finds them. */
export const SDK_FOLDER = 'sdk';

/** Of putting an sdk in its place while others do the same. */
const TRIES_MAX = 10;

/** Returns sha256, hex. */
export function sdkHash(modules: SdkModules): string {
  const hash = createHash('sha256');
  for (const path of Object.keys(modules).sort()) hash.update(JSON.stringify([path, modules[path]]));
  return hash.digest('hex');
}

export interface Writing {
  /** Nobody else's. */
  readonly temporaryName: string;
  /** What is there already is marked as used: what nobody has used for days is removed from caches. */
  readonly usedAt: Date;
}

/** Makes `<folder>/<hash>/sdk/` hold the modules, whole or not at all. Returns the folder that bundles of this sdk belong in. */
export async function writeSdk(folder: string, modules: SdkModules, writing: Writing): Promise<string> {
  const home = join(folder, sdkHash(modules));
  if (await isThere(home, modules)) {
    for (const path of Object.keys(modules)) await utimes(join(home, SDK_FOLDER, path), writing.usedAt, writing.usedAt);
    return home;
  }
  const temporary = join(folder, writing.temporaryName);
  for (const [path, text] of Object.entries(modules)) {
    const file = join(temporary, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, text, { mode: 0o444 });
    // Task processes may have another uid, and the umask may be strict.
    await chmod(file, 0o444);
  }
  await mkdir(home, { recursive: true, mode: 0o755 });
  await place(temporary, home, modules);
  return home;
}

/** Several processes may come at once: whoever is first wins, and what is whole is never taken away from those who read it. */
async function place(temporary: string, home: string, modules: SdkModules): Promise<void> {
  const target = join(home, SDK_FOLDER);
  for (let tries = 1; ; tries++) {
    const failure = await rename(temporary, target).then(
      () => null,
      (error: unknown) => error,
    );
    if (failure === null) return;
    if (await isThere(home, modules)) return rm(temporary, { recursive: true, force: true });
    if (tries >= TRIES_MAX) throw failure;
    // What stands there was changed or half removed by somebody: aside with it, in one step.
    const damaged = `${temporary}-damaged`;
    await rename(target, damaged).catch(() => undefined);
    await rm(damaged, { recursive: true, force: true });
  }
}

async function isThere(home: string, modules: SdkModules): Promise<boolean> {
  for (const [path, text] of Object.entries(modules))
    if ((await readFile(join(home, SDK_FOLDER, path), 'utf8').catch(() => null)) !== text) return false;
  return true;
}
