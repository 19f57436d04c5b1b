/** Keeps the bundles up to date: fetches repositories, and says as import errors what is wrong with a bundle as a whole. */
import type { Broker } from '#platform/broker/broker.ts';
import type { Queryable } from '#platform/db/client.ts';
import { forgetImportError, saveImportError } from '#platform/db/queries/save-import-error.ts';
import type { Logger } from '#platform/logger.ts';
import { type DagSources, WHOLE_BUNDLE } from './dag-sources.ts';
import type { GitRepository } from './git-repository.ts';

export interface BundleKeeperDeps {
  readonly db: Queryable;
  readonly broker: Broker;
  readonly logger: Logger;
  readonly sources: DagSources;
  /** Runs the exchange of a bundle's files while nothing is parsed. */
  readonly exchange: (work: () => Promise<void>) => Promise<void>;
}

export class BundleKeeper {
  readonly #deps: BundleKeeperDeps;
  /** Bundles of folders that were said not to be there, maybe by a process before this one. */
  readonly #missing: Set<string>;

  constructor(deps: BundleKeeperDeps) {
    this.#deps = deps;
    this.#missing = new Set(deps.sources.folders);
  }

  /** Fetches the repositories that are due. Returns the bundles whose files changed. Rejects only when the database does. */
  async fetchDue(): Promise<readonly string[]> {
    const { sources, logger } = this.#deps;
    const moved: string[] = [];
    for (const repository of sources.takeDue()) {
      const { name } = repository.settings;
      try {
        if (await this.#fetch(repository)) moved.push(name);
        await this.#forget(name);
      } catch (error) {
        const { message } = error as Error;
        logger.warn({ event: 'dag_bundle.failed', bundle: name, err: message }, message);
        await this.#save(name, message);
      }
    }
    return moved;
  }

  /** Folders that vanished hide nothing: a mount that is away is no proof that its files are gone. */
  async tellMissing(): Promise<void> {
    const { sources } = this.#deps;
    const now = new Map(sources.missing.map(({ name, folder }) => [name, folder]));
    for (const [name, folder] of now) {
      this.#missing.add(name);
      await this.#save(name, `The folder ${folder} of the bundle ${name} is not there. Its DAGs stay as they are until it is back.`);
    }
    for (const name of this.#missing) {
      if (now.has(name)) continue;
      this.#missing.delete(name);
      await this.#forget(name);
    }
  }

  async #fetch(repository: GitRepository): Promise<boolean> {
    const commit = await repository.fetch();
    if (commit === null) return false;
    await this.#deps.exchange(() => repository.checkout(commit));
    const { name, ref } = repository.settings;
    this.#deps.logger.info({ event: 'dag_bundle.moved', bundle: name, commit }, `bundle ${name}: ${ref} is at ${commit.slice(0, 12)}`);
    return true;
  }

  async #save(bundleName: string, message: string): Promise<void> {
    await saveImportError(this.#deps.db, { bundleName, filePath: WHOLE_BUNDLE, message, stack: message, line: null, column: null });
    this.#deps.broker.ring('ui_events', { topics: ['import_errors'] });
  }

  async #forget(bundleName: string): Promise<void> {
    if (await forgetImportError(this.#deps.db, { bundleName, filePath: WHOLE_BUNDLE }))
      this.#deps.broker.ring('ui_events', { topics: ['import_errors'] });
  }
}
