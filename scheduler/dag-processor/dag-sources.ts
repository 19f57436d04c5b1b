/** The bundles of this installation as folders of files: which folder a file belongs to, and whether it can be trusted. */
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import type { Clock } from '#platform/clock.ts';
import type { BundleSettings } from '#platform/config/dag-bundles.ts';
import type { SecretStore } from '#platform/secrets/secret-store.ts';
import { GitRepository } from './git-repository.ts';
import type { DagSource } from './parse-file.ts';

/** "File" of an import error that is about a bundle as a whole. */
export const WHOLE_BUNDLE = '.';

interface Source {
  readonly name: string;
  readonly folder: string;
  readonly repository: GitRepository | null;
  /** Monotonic instant of the next fetch. */
  dueAtMs: number;
}

export class DagSources {
  readonly #sources: readonly Source[];
  readonly #clock: Clock;

  constructor(deps: {
    readonly bundles: readonly BundleSettings[];
    readonly workFolder: string;
    readonly secrets: SecretStore;
    readonly clock: Clock;
  }) {
    this.#clock = deps.clock;
    this.#sources = deps.bundles.map((bundle) => {
      const repository = bundle.kind === 'git' ? new GitRepository(bundle, deps.workFolder, deps.secrets) : null;
      const folder = bundle.kind === 'git' ? (repository as GitRepository).folder : bundle.folder;
      return { name: bundle.name, folder, repository, dueAtMs: Number.NEGATIVE_INFINITY };
    });
  }

  get names(): readonly string[] {
    return this.#sources.map((source) => source.name);
  }

  /** Names of the bundles that are plain folders. */
  get folders(): readonly string[] {
    return this.#sources.filter((source) => source.repository === null).map((source) => source.name);
  }

  /** Folders that change by themselves. */
  get watched(): readonly string[] {
    return this.#sources.filter((source) => source.repository === null).map((source) => source.folder);
  }

  /**
   * Bundles whose files are all there. What is missing from one of them is gone; of any other nothing is known, so
   * nothing of it may be hidden.
   */
  get ready(): readonly { readonly name: string; readonly folder: string }[] {
    return this.#sources.filter(({ repository, folder }) => (repository === null || repository.commit !== null) && existsSync(folder));
  }

  /** Folders that are configured and not there. */
  get missing(): readonly { readonly name: string; readonly folder: string }[] {
    return this.#sources.filter(({ repository, folder }) => repository === null && !existsSync(folder));
  }

  folderOf(name: string): string | null {
    return this.#sources.find((source) => source.name === name)?.folder ?? null;
  }

  /** The bundle of a file: of nested folders the innermost. Null = it lies in none. */
  of(file: string): DagSource | null {
    const inside = this.#sources.filter(({ folder }) => !relative(folder, file).startsWith('..'));
    const source = inside.sort((a, b) => b.folder.length - a.folder.length)[0];
    if (source === undefined) return null;
    return {
      bundleName: source.name,
      folder: source.folder,
      version: source.repository?.commit ?? null,
      folderOf: (name) => this.folderOf(name),
    };
  }

  /** Repositories that are to be fetched now; each is due again after its interval, whatever comes of it. */
  takeDue(): readonly GitRepository[] {
    const now = this.#clock.monotonic();
    const due = this.#sources.filter((source) => source.repository !== null && source.dueAtMs <= now);
    for (const source of due) source.dueAtMs = now + (source.repository as GitRepository).settings.refreshMs;
    return due.map((source) => source.repository as GitRepository);
  }
}
