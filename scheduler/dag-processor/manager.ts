/**
 * The DAG processor: watches the bundles (the dags folder, other folders, git repositories) and keeps the database's
 * DAGs like their files. A saved file is seen at once; a full scan now and then repairs what the watcher missed. Broken
 * files become import errors, and the last good version stays.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, join, relative } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Broker } from '#platform/broker/broker.ts';
import { type Clock, newId } from '#platform/clock.ts';
import { agreedSettings } from '#platform/config/agreed-settings.ts';
import type { Config } from '#platform/config/config.ts';
import { readBundles } from '#platform/config/dag-bundles.ts';
import { isDagFile, listDagFiles, readDagFile } from '#platform/dag-files.ts';
import type { Database } from '#platform/db/client.ts';
import { takeParseRequests } from '#platform/db/queries/parse-requests.ts';
import { listKnownDagFiles, saveImportError } from '#platform/db/queries/save-import-error.ts';
import { type FileOfBundle, retireFile } from '#platform/db/queries/save-parsed-file.ts';
import { saveService } from '#platform/db/queries/save-service.ts';
import type { Logger } from '#platform/logger.ts';
import { openSecretStore } from '#platform/secrets/secret-store.ts';
import { Loop, type Service } from '#platform/service/service.ts';
import { makeTemporaryFolder } from '#platform/temporary-folder.ts';
import { WINDLASS_VERSION } from '#platform/version.ts';
import { stopBundler } from './bundle.ts';
import { BundleKeeper } from './bundle-keeper.ts';
import { DagSources, WHOLE_BUNDLE } from './dag-sources.ts';
import { FileMemory } from './file-memory.ts';
import { FileSaver } from './file-saver.ts';
import { Importer } from './importer.ts';
import { type ParseOutcome, parseFile } from './parse-file.ts';
import { parsedBy } from './parsed-by.ts';
import { openSdkOutside } from './sdk-outside.ts';
import type { UnstableDag } from './unstable-dags.ts';
import type { PriorityStrategies } from './weigh-dag.ts';

export interface DagProcessorDeps {
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of plugins. */
  readonly strategies?: PriorityStrategies;
  /** Whether anybody has asked for a file by name, so that nothing is taken in vain; without it each look takes what there is. */
  readonly isAsked?: () => Promise<boolean>;
}

/** So many are bundled, imported or saved at once: each stage takes what it can, and saving goes in batches. */
const PARALLEL = 24;
/** An editor's write-then-rename comes as several events. */
const DEBOUNCE_MS = 25;
const BUNDLES_MS = 1_000;
/** An author who saves again at once finds the processor free. */
const CONFIRM_AFTER_MS = 1_500;

export class DagProcessor implements Service {
  readonly #deps: DagProcessorDeps;
  readonly #id = `dag-processor:${hostname()}:${process.pid}:${newId().slice(-6)}`;
  readonly #workFolder: string;
  readonly #sources: DagSources;
  readonly #keeper: BundleKeeper;
  readonly #waiting = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  readonly #memory: FileMemory;
  readonly #importer: Importer;
  readonly #saver: FileSaver;
  #opened: Promise<void> | null = null;
  /** Files refused because another one defines their DAG; they get their turn when it does so no more. */
  readonly #rivals = new Set<string>();
  /** New code that is to be imported once more, when there is nothing better to do. */
  readonly #unconfirmed = new Map<string, () => Promise<void>>();
  readonly #loops: readonly Loop[];
  #watcher: FSWatcher | null = null;
  #stopped = false;
  #watchFailed = false;
  #isHeld = false;

  constructor(deps: DagProcessorDeps) {
    this.#deps = deps;
    this.#workFolder = makeTemporaryFolder('bundles');
    const { clock, logger, config, db } = deps;
    this.#sources = new DagSources({
      bundles: readBundles(config),
      workFolder: this.#workFolder,
      secrets: openSecretStore({ config, db }),
      clock,
    });
    this.#memory = new FileMemory(db, clock);
    this.#saver = new FileSaver(db);
    this.#importer = new Importer({
      config,
      clock,
      workFolder: this.#workFolder,
      readable: [this.#workFolder, ...this.#sources.watched, config.pluginsFolder],
    });
    this.#keeper = new BundleKeeper({ ...deps, sources: this.#sources, exchange: (work) => this.#whileHeld(work) });
    this.#loops = [
      new Loop({ name: 'dag-bundles', clock, logger, intervalMs: BUNDLES_MS, runOnce: async () => void (await this.refreshBundles()) }),
      new Loop({ name: 'dag-scan', clock, logger, intervalMs: config.dagScanIntervalMs, runOnce: async () => void (await this.runOnce()) }),
      new Loop({
        name: 'dag-processor-heartbeat',
        clock,
        logger,
        intervalMs: config.serviceHeartbeatMs,
        runOnce: async () => void (await this.#heartbeat(false)),
      }),
    ];
  }

  async start(): Promise<void> {
    const { dagsFolder } = this.#deps.config;
    mkdirSync(dagsFolder, { recursive: true });
    this.#watcher = watch([...this.#sources.watched], {
      ignoreInitial: true,
      // A link may lead to all of the disk: the scan follows it, and what a DAG uses of it is watched by its real path.
      followSymlinks: false,
      ignored: (path) => path.includes('/node_modules') || /\/\.(?!(windlass|airflow)ignore)[^/]*$/.test(path),
    });
    for (const event of ['add', 'change', 'unlink'] as const) this.#watcher.on(event, (path) => this.#changed(path));
    this.#watcher.on('error', (error) => this.#reportWatchFailure(error as Error));
    for (const loop of this.#loops) await loop.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watcher?.close();
    for (const loop of this.#loops) await loop.stop();
    this.#waiting.clear();
    this.#importer.stop();
    await Promise.all(this.#running.values());
    await stopBundler();
    await this.#heartbeat(true).catch(() => {});
    rmSync(this.#workFolder, { recursive: true, force: true });
  }

  /** One full scan: parses what is new or changed, retires what is gone. Resolves when all of it is saved. */
  async runOnce(): Promise<void> {
    await this.#open();
    await this.#keeper.fetchDue();
    await this.#scan(this.#sources.ready.map((source) => source.name));
  }

  /** The sdk that DAG bundles import, and what is known of their files from before. Tried again until it works. */
  async #open(): Promise<void> {
    this.#opened ??= this.#openOnce();
    await this.#opened.catch((error: unknown) => {
      this.#opened = null;
      throw error;
    });
  }

  async #openOnce(): Promise<void> {
    const { db, config } = this.#deps;
    const sdk = await openSdkOutside(db);
    await this.#importer.takeSdk(sdk);
    this.#saver.takeSdk(sdk);
    await this.#memory.load(parsedBy(config, sdk.sourceKey), (name) => this.#sources.folderOf(name));
  }

  /** Fetches the repositories that are due, and parses what was asked for by name. */
  async refreshBundles(): Promise<void> {
    await this.#open();
    const moved = await this.#keeper.fetchDue();
    const isAsked = (await this.#deps.isAsked?.()) ?? true;
    for (const { bundleName, filePath } of isAsked ? await takeParseRequests(this.#deps.db, this.#sources.names) : []) {
      const folder = this.#sources.folderOf(bundleName);
      if (folder !== null) this.#waiting.add(join(folder, filePath));
    }
    if (moved.length > 0) await this.#scan(moved);
    else if (this.#waiting.size > 0) await this.#drain();
  }

  async #scan(bundleNames: readonly string[]): Promise<void> {
    const kept = new Map<string, ReadonlySet<string>>();
    for (const { name, folder } of this.#sources.ready) {
      if (!bundleNames.includes(name)) continue;
      const present = (await listDagFiles(folder)).filter((file) => this.#sources.of(file)?.bundleName === name);
      for (const file of present) if (!this.#memory.isUnchanged(file, folder)) this.#waiting.add(file);
      kept.set(name, new Set(present.map((file) => relative(folder, file))));
    }
    await this.#keeper.tellMissing();
    for (const known of await listKnownDagFiles(this.#deps.db)) {
      const isConfigured = this.#sources.folderOf(known.bundleName) !== null;
      const isThere = known.filePath === WHOLE_BUNDLE || kept.get(known.bundleName)?.has(known.filePath) !== false;
      if (!isConfigured || !isThere) await this.#retire(known);
    }
    await this.#drain();
    await this.#confirmWhileIdle();
  }

  /** Nothing is parsed while the files of a repository are exchanged. */
  async #whileHeld(work: () => Promise<void>): Promise<void> {
    this.#isHeld = true;
    try {
      await Promise.all(this.#running.values());
      await work();
    } finally {
      this.#isHeld = false;
    }
  }

  #changed(path: string): void {
    const { clock } = this.#deps;
    const users = [...this.#memory.usersOf(path)];
    const source = this.#sources.of(path);
    if (source !== null && isDagFile(source.folder, path)) users.push(path);
    if (users.length === 0) return;
    this.#importer.warm();
    clock.after(DEBOUNCE_MS, () => {
      for (const file of users) this.#waiting.add(file);
      void this.#drain().catch((error: unknown) =>
        this.#deps.logger.error(
          { event: 'dag_file.failed', err: error },
          'a changed DAG file could not be saved; the next scan tries again',
        ),
      );
      clock.after(CONFIRM_AFTER_MS, () => void this.#confirmWhileIdle());
    });
  }

  /** Once: a full table of watches fails for every file, and the scan does the work all the same. */
  #reportWatchFailure(error: Error): void {
    if (this.#watchFailed) return;
    this.#watchFailed = true;
    this.#deps.logger.warn(
      { event: 'dag_folder.watch_failed', err: error.message },
      `the dags folder cannot be watched wholly; the scan every ${this.#deps.config.dagScanIntervalMs / 1000} s still sees all changes`,
    );
  }

  async #drain(): Promise<void> {
    if (this.#waiting.size > 0) await this.#open();
    while (!this.#stopped && !this.#isHeld && (this.#waiting.size > 0 || this.#running.size > 0)) {
      for (const file of this.#waiting) {
        if (this.#running.size >= PARALLEL) break;
        // A file that changes while it is parsed is parsed once more afterwards.
        if (this.#running.has(file)) continue;
        this.#waiting.delete(file);
        this.#running.set(
          file,
          this.#parse(file).finally(() => this.#running.delete(file)),
        );
      }
      await Promise.race(this.#running.values());
    }
  }

  async #confirmWhileIdle(): Promise<void> {
    for (const [file, confirm] of this.#unconfirmed) {
      if (this.#stopped || this.#isHeld || this.#waiting.size > 0) return;
      this.#unconfirmed.delete(file);
      this.#running.set(
        `confirm ${file}`,
        confirm().finally(() => this.#running.delete(`confirm ${file}`)),
      );
      await this.#running.get(`confirm ${file}`);
    }
  }

  async #parse(file: string): Promise<void> {
    const { config, db, clock, logger } = this.#deps;
    const source = this.#sources.of(file);
    if (source === null) return;
    const filePath = relative(source.folder, file);
    const { bundleName } = source;
    const hash = this.#memory.hashOf([file], source.folder);
    if (hash === null) return this.#forget(file, { bundleName, filePath });
    try {
      const outcome = await parseFile(
        { config, db, clock, source, importer: this.#importer, saver: this.#saver, strategies: this.#deps.strategies },
        file,
      );
      const files = [file, ...outcome.files.filter((path) => path !== file)];
      const isKnown = this.#memory.remember(file, source.folder, files);
      // Changed again meanwhile: what was read may be half of each.
      if (!isKnown || this.#memory.hashOf([file], source.folder) !== hash) this.#waiting.add(file);
      else if (outcome.kind === 'saved') await this.#memory.keep(file, { bundleName, filePath, folder: source.folder }, outcome.dagIds);
      if (!this.#stopped) this.#watcher?.add(files.filter((path) => relative(source.folder, path).startsWith('..')));
      if (outcome.kind === 'failed' && outcome.isRival) this.#rivals.add(file);
      else this.#rivals.delete(file);
      this.#report(filePath, outcome);
      if (outcome.kind === 'saved' && outcome.confirm !== null) this.#unconfirmed.set(file, this.#confirmation(filePath, outcome.confirm));
    } catch (error) {
      logger.error({ event: 'dag_file.failed', file: filePath, err: error }, `${filePath} could not be saved; the next scan tries again`);
      const message = `The file could not be imported or saved; the next scan tries again. ${(error as Error).message}`;
      // Where the database is away this fails, too: then the log alone tells.
      await this.#tellBroken({ bundleName, filePath }, message).catch(() => {});
    }
  }

  /** The file is gone, or there and cannot be read. */
  async #forget(file: string, of: FileOfBundle): Promise<void> {
    await this.#memory.forget(file, of);
    const message = readProblem(file);
    if (message === null) return this.#retire(of);
    await this.#tellBroken(of, message);
  }

  async #tellBroken(of: FileOfBundle, message: string): Promise<void> {
    await saveImportError(this.#deps.db, { ...of, message, stack: message, line: null, column: null });
    this.#deps.broker.ring('ui_events', { topics: ['import_errors'] });
  }

  #confirmation(filePath: string, confirm: () => Promise<readonly UnstableDag[]>): () => Promise<void> {
    const { logger, broker } = this.#deps;
    return async () => {
      // Only a warning hangs on it: the next parse of the file asks again.
      const unstable = await confirm().catch((error: unknown) => {
        logger.warn({ event: 'dag_file.not_confirmed', file: filePath, err: error }, `${filePath} could not be imported a second time`);
        return [];
      });
      for (const { dagId, message } of unstable)
        logger.warn({ event: 'dag.unstable', dag_id: dagId, file: filePath }, `DAG ${dagId}: ${message}`);
      if (unstable.length > 0) broker.ring('ui_events', { topics: ['import_errors', ...unstable.map(({ dagId }) => `dag:${dagId}`)] });
    };
  }

  #report(filePath: string, outcome: ParseOutcome): void {
    const { broker, logger } = this.#deps;
    const ms = Math.round(outcome.parseMs);
    if (outcome.kind === 'failed') {
      const { message, line } = outcome.failure;
      logger.warn({ event: 'dag_file.broken', file: filePath, line, ms }, `${filePath}${line === null ? '' : `:${line}`}: ${message}`);
      this.#ringChanged(outcome.dagIds);
      broker.ring('ui_events', { topics: ['import_errors'] });
      return;
    }
    const changed = outcome.dags.filter((dag) => dag.change !== 'unchanged');
    for (const { dagId, change } of changed)
      logger.info(
        { event: `dag.${change}`, dag_id: dagId, file: filePath, ms },
        `DAG ${dagId}: ${change.replace('_', ' ')} (${filePath}, ${ms} ms)`,
      );
    if (changed.some((dag) => dag.change === 'gone')) this.#letRivalsTry();
    if (changed.length > 0) this.#ringChanged(changed.map((dag) => dag.dagId));
    broker.ring('ui_events', { topics: ['import_errors'] });
  }

  #ringChanged(dagIds: readonly string[]): void {
    if (dagIds.length === 0) return;
    this.#deps.broker.ring('dags_changed', { dagIds });
    this.#deps.broker.ring('ui_events', { topics: ['dags', ...dagIds.map((dagId) => `dag:${dagId}`)] });
  }

  /** The file is gone: its DAGs become stale, its import error goes. */
  async #retire(file: FileOfBundle): Promise<void> {
    const { bundleName, filePath } = file;
    await this.#memory.forget(join(this.#sources.folderOf(bundleName) ?? '', filePath), file);
    const gone = await this.#deps.db.transaction('retire_file', (tx) => retireFile(tx, file));
    for (const { dagId } of gone)
      this.#deps.logger.info({ event: 'dag.gone', dag_id: dagId, file: filePath }, `DAG ${dagId}: no file defines it any more`);
    if (gone.length > 0) this.#letRivalsTry();
    this.#ringChanged(gone.map((dag) => dag.dagId));
    this.#deps.broker.ring('ui_events', { topics: ['import_errors'] });
  }

  /** The drain that is under way, or the scan that called, parses them next. */
  #letRivalsTry(): void {
    for (const file of this.#rivals) this.#waiting.add(file);
    this.#rivals.clear();
  }

  async #heartbeat(stopped: boolean): Promise<void> {
    await saveService(this.#deps.db.reserved, {
      serviceId: this.#id,
      kind: 'dag_processor',
      hostname: hostname(),
      pid: process.pid,
      version: WINDLASS_VERSION,
      stopped,
      info: { settings: agreedSettings(this.#deps.config), files: this.#memory.size },
    });
  }
}

/** Why a file that is there cannot be read; null when it can, or is gone. */
function readProblem(file: string): string | null {
  try {
    readDagFile(file);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EACCES'
      ? `The file may not be read by this user (EACCES). Try: chmod a+r ${basename(file)}`
      : (error as Error).message;
  }
}
