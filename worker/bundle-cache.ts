/**
 * Bundles as files, named by their content: a task process imports them from here. Written atomically and
 * checked against their hash, so that no half-written or changed file is ever run. A bundle that leaves the sdk outside lies
 * beside the very sdk it was parsed with, whatever version this worker is of.
 */
import { chmod, mkdir, readFile, rename, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '#core/errors.ts';
import { bundleHash } from '#platform/bundle-hash.ts';
import { type Clock, newId } from '#platform/clock.ts';
import type { LoadedBundle } from '#platform/db/queries/load-bundle.ts';
import { privateFolder } from '#platform/private-folder.ts';
import { type SdkModules, sdkHash, writeSdk } from '#platform/sdk-bundle.ts';

const HASH = /^[0-9a-f]{64}$/;
/** Files known to be right; forgetting one costs a read. */
const KNOWN_MAX = 5_000;
/** A file that is used says so again after this long: what nobody has used for days is removed from the folder. */
const KNOWN_MAX_MS = 3_600_000;

export interface BundleCacheOptions {
  readonly clock: Clock;
  /** How long a file that nobody uses stays in the folder. */
  readonly keptMs: number;
  readonly folder?: string;
}

interface Known {
  readonly path: Promise<string>;
  readonly untilMs: number;
}

export interface BundleSource {
  /** The code of a hash, or null. */
  bundle(hash: string): Promise<LoadedBundle | null>;
  /** The modules of a hash, or null. */
  sdk(hash: string): Promise<SdkModules | null>;
}

export class BundleCache {
  readonly #source: BundleSource;
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #knownMs: number;
  readonly #files = new Map<string, Known>();
  /** Hash of an sdk -> folder of its bundles. */
  readonly #homes = new Map<string, Known>();

  constructor(source: BundleSource, { clock, keptMs, folder = privateFolder('bundles') }: BundleCacheOptions) {
    this.#source = source;
    this.#clock = clock;
    this.#knownMs = Math.min(KNOWN_MAX_MS, keptMs / 4);
    this.#folder = folder;
  }

  /** Returns the path of the bundle's file. Throws NOT_FOUND when nobody has the bundle (any more). */
  file(hash: string): Promise<string> {
    return this.#once(this.#files, hash, () => this.#make(hash));
  }

  #once(known: Map<string, Known>, hash: string, make: () => Promise<string>): Promise<string> {
    const nowMs = this.#clock.monotonic();
    const found = known.get(hash);
    if (found && nowMs < found.untilMs) return found.path;
    const path = make();
    known.set(hash, { path, untilMs: nowMs + this.#knownMs });
    if (known.size > KNOWN_MAX) known.delete(known.keys().next().value as string);
    path.catch(() => known.delete(hash));
    return path;
  }

  async #make(hash: string): Promise<string> {
    if (!HASH.test(hash))
      throw new AppError('INTERNAL', `The bundle hash ${JSON.stringify(hash)} is not a sha256. Save the DAG file again.`);
    const bundle = await this.#source.bundle(hash);
    if (bundle === null)
      throw new AppError('NOT_FOUND', 'The code of this DAG version is gone: its DAG was deleted. Trigger the DAG again.');
    if (bundleHash(bundle.code, bundle.sdkHash) !== hash)
      throw new AppError(
        'INTERNAL',
        'The stored code of this DAG version does not match its hash. Save the DAG file again to store it anew.',
      );
    // Gone when somebody tidied up the temp folder.
    await mkdir(this.#folder, { recursive: true, mode: 0o755 });
    const home = bundle.sdkHash === null ? this.#folder : await this.#home(bundle.sdkHash);
    const path = join(home, `${hash}.mjs`);
    const present = await readFile(path, 'utf8').catch(() => null);
    if (present !== null && bundleHash(present, bundle.sdkHash) === hash) {
      const used = new Date(this.#clock.now());
      await utimes(path, used, used);
      return path;
    }
    const temporary = `${path}.${newId()}`;
    await writeFile(temporary, bundle.code, { mode: 0o444 });
    // Task processes may have another uid, and the umask may be strict.
    await chmod(temporary, 0o444);
    await rename(temporary, path);
    return path;
  }

  #home(hash: string): Promise<string> {
    return this.#once(this.#homes, hash, () => this.#writeSdk(hash));
  }

  async #writeSdk(hash: string): Promise<string> {
    const modules = await this.#source.sdk(hash);
    if (modules === null || sdkHash(modules) !== hash)
      throw new AppError(
        'INTERNAL',
        'The sdk that this DAG version was parsed with is missing or does not match its hash. Save the DAG file again to store it anew.',
      );
    return writeSdk(this.#folder, modules, { temporaryName: newId(), usedAt: new Date(this.#clock.now()) });
  }
}
