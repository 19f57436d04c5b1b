/**
 * Bundles as files, named by their content: a task process imports them from here. Written atomically and
 * checked against their hash, so that no half-written or changed file is ever run.
 */
import { chmod, mkdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';
import { bundleHash } from '#platform/bundle-hash.ts';
import { type Clock, newId } from '#platform/clock.ts';
import { privateFolder } from '#platform/private-folder.ts';

const HASH = /^[0-9a-f]{64}$/;
/** Files known to be right; forgetting one costs a read. */
const KNOWN_MAX = 5_000;
/** A file that is used says so again after this long: what nobody has used for days is removed from the folder. */
const KNOWN_MS = 3_600_000;

export class BundleCache {
  readonly #load: (hash: string) => Promise<string | null>;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #files = new Map<string, { readonly path: Promise<string>; readonly untilMs: number }>();

  /** `load` fetches the code of a hash, or null. */
  constructor(load: (hash: string) => Promise<string | null>, clock: Clock, folder: string = privateFolder('bundles')) {
    this.#load = load;
    this.#clock = clock;
    this.#folder = folder;
  }

  /** Returns the path of the bundle's file. Throws NOT_FOUND when nobody has the bundle (any more). */
  file(hash: string): Promise<string> {
    const nowMs = this.#clock.monotonic();
    const known = this.#files.get(hash);
    if (known && nowMs < known.untilMs) return known.path;
    const made = this.#make(hash);
    this.#files.set(hash, { path: made, untilMs: nowMs + KNOWN_MS });
    if (this.#files.size > KNOWN_MAX) this.#files.delete(this.#files.keys().next().value as string);
    made.catch(() => this.#files.delete(hash));
    return made;
  }

  async #make(hash: string): Promise<string> {
    if (!HASH.test(hash))
      throw new AppError('INTERNAL', `The bundle hash ${JSON.stringify(hash)} is not a sha256. Save the DAG file again.`);
    const path = join(this.#folder, `${hash}.mjs`);
    const present = await readFile(path, 'utf8').catch(() => null);
    if (present !== null && bundleHash(present) === hash) {
      const used = new Date(this.#clock.now());
      await utimes(path, used, used);
      return path;
    }
    const code = await this.#load(hash);
    if (code === null) throw new AppError('NOT_FOUND', 'The code of this DAG version is gone: its DAG was deleted. Trigger the DAG again.');
    if (bundleHash(code) !== hash)
      throw new AppError(
        'INTERNAL',
        'The stored code of this DAG version does not match its hash. Save the DAG file again to store it anew.',
      );
    // Gone when somebody tidied up the temp folder.
    await mkdir(this.#folder, { recursive: true, mode: 0o755 });
    const temporary = `${path}.${newId()}`;
    await writeFile(temporary, code, { mode: 0o444 });
    // Task processes may have another uid, and the umask may be strict.
    await chmod(temporary, 0o444);
    await rename(temporary, path);
    return path;
  }
}
