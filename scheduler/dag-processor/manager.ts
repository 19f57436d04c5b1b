/**
 * The DAG processor: watches the dags folder and keeps the database's DAGs like its files. A saved file is seen
 * at once; a full scan now and then repairs what the watcher missed. Broken files become import errors, and the
 * last good version stays.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import type { Broker } from '#platform/broker/broker.ts';
import { type Clock, newId } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { isDagFile, listDagFiles, readDagFile, readIgnored } from '#platform/dag-files.ts';
import type { Database } from '#platform/db/client.ts';
import { listKnownDagFiles, saveImportError } from '#platform/db/queries/save-import-error.ts';
import { saveParsedFile } from '#platform/db/queries/save-parsed-file.ts';
import { saveService } from '#platform/db/queries/save-service.ts';
import type { Logger } from '#platform/logger.ts';
import { Loop, type Service } from '#platform/service/service.ts';
import { WINDLASS_VERSION } from '#platform/version.ts';
import { stopBundler } from './bundle.ts';
import { ImportChild } from './import-child.ts';
import { type ParseOutcome, parseFile } from './parse-file.ts';

export interface DagProcessorDeps {
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
}

const PARALLEL = 2;
/** An editor's write-then-rename comes as several events. */
const DEBOUNCE_MS = 25;

export class DagProcessor implements Service {
  readonly #deps: DagProcessorDeps;
  readonly #id = `dag-processor:${hostname()}:${process.pid}:${newId().slice(-6)}`;
  readonly #workFolder: string;
  readonly #waiting = new Set<string>();
  readonly #running = new Map<string, Promise<void>>();
  /** file -> hash over its own sources, as they were when it was last parsed. */
  readonly #parsed = new Map<string, { readonly files: readonly string[]; readonly hash: string }>();
  /** Files refused because another one defines their DAG; they get their turn when it does so no more. */
  readonly #rivals = new Set<string>();
  readonly #loops: readonly Loop[];
  #spare: ImportChild | null = null;
  #watcher: FSWatcher | null = null;
  #stopped = false;
  #watchFailed = false;

  constructor(deps: DagProcessorDeps) {
    this.#deps = deps;
    this.#workFolder = mkdtempSync(join(tmpdir(), 'windlass-bundles-'));
    const { clock, logger, config } = deps;
    this.#loops = [
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
    this.#spare = this.#newChild();
    this.#watcher = watch(dagsFolder, {
      ignoreInitial: true,
      // A link may lead to all of the disk: the scan follows it, and what a DAG uses of it is watched by its real path.
      followSymlinks: false,
      ignored: (path) => path.includes('/node_modules') || /\/\.(?!windlassignore)[^/]*$/.test(path),
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
    this.#spare?.kill('the DAG processor stops');
    await Promise.all(this.#running.values());
    await stopBundler();
    await this.#heartbeat(true).catch(() => {});
    rmSync(this.#workFolder, { recursive: true, force: true });
  }

  /** One full scan: parses what is new or changed, retires what is gone. Resolves when all of it is saved. */
  async runOnce(): Promise<void> {
    const { config, db } = this.#deps;
    const present = await listDagFiles(config.dagsFolder);
    for (const file of present) if (!this.#isUnchanged(file)) this.#waiting.add(file);
    const kept = new Set(present.map((file) => relative(config.dagsFolder, file)));
    for (const filePath of await listKnownDagFiles(db)) if (!kept.has(filePath)) await this.#retire(filePath);
    await this.#drain();
  }

  #changed(path: string): void {
    const { config, clock } = this.#deps;
    const users = [...this.#parsed].filter(([, parsed]) => parsed.files.includes(path)).map(([file]) => file);
    if (isDagFile(config.dagsFolder, path, readIgnored(config.dagsFolder))) users.push(path);
    clock.after(DEBOUNCE_MS, () => {
      for (const file of users) this.#waiting.add(file);
      void this.#drain().catch((error: unknown) =>
        this.#deps.logger.error(
          { event: 'dag_file.failed', err: error },
          'a changed DAG file could not be saved; the next scan tries again',
        ),
      );
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
    while (!this.#stopped && (this.#waiting.size > 0 || this.#running.size > 0)) {
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

  async #parse(file: string): Promise<void> {
    const { config, db, clock, logger } = this.#deps;
    const filePath = relative(config.dagsFolder, file);
    const hash = hashOf([file]);
    if (hash === null) return this.#forget(file, filePath);
    try {
      const outcome = await parseFile({ config, db, clock, workFolder: this.#workFolder, takeChild: () => this.#takeChild() }, file);
      const files = outcome.files.includes(file) ? outcome.files : [file, ...outcome.files];
      const now = hashOf(files);
      // Changed again meanwhile: what was read may be half of each.
      if (now === null || hashOf([file]) !== hash) this.#waiting.add(file);
      else this.#parsed.set(file, { files, hash: now });
      if (!this.#stopped) this.#watcher?.add(files.filter((path) => relative(config.dagsFolder, path).startsWith('..')));
      if (outcome.kind === 'failed' && outcome.isRival) this.#rivals.add(file);
      else this.#rivals.delete(file);
      this.#report(filePath, outcome);
    } catch (error) {
      logger.error({ event: 'dag_file.failed', file: filePath, err: error }, `${filePath} could not be saved; the next scan tries again`);
    }
  }

  /** The file is gone, or there and cannot be read. */
  async #forget(file: string, filePath: string): Promise<void> {
    this.#parsed.delete(file);
    const message = readProblem(file);
    if (message === null) return this.#retire(filePath);
    await saveImportError(this.#deps.db, { filePath, message, stack: message, line: null, column: null });
    this.#deps.broker.ring('ui_events', { topics: ['import_errors'] });
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
  async #retire(filePath: string): Promise<void> {
    this.#parsed.delete(join(this.#deps.config.dagsFolder, filePath));
    const gone = await this.#deps.db.transaction('retire_file', (tx) =>
      saveParsedFile(tx, { filePath, bundleHash: '', code: '', source: '', parseMs: 0, dags: [] }),
    );
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

  #isUnchanged(file: string): boolean {
    const parsed = this.#parsed.get(file);
    return parsed !== undefined && hashOf(parsed.files) === parsed.hash;
  }

  /** A warm child if there is one; another is started for the next file. */
  #takeChild(): ImportChild {
    const child = this.#spare?.isAlive ? this.#spare : this.#newChild();
    this.#spare = this.#stopped ? null : this.#newChild();
    return child;
  }

  #newChild(): ImportChild {
    const { config, clock } = this.#deps;
    return new ImportChild({
      clock,
      timeoutMs: config.dagImportTimeoutMs,
      memoryMb: config.dagImportMemoryMb,
      readable: [this.#workFolder, config.dagsFolder, config.pluginsFolder],
    });
  }

  async #heartbeat(stopped: boolean): Promise<void> {
    await saveService(this.#deps.db, {
      serviceId: this.#id,
      kind: 'dag_processor',
      hostname: hostname(),
      pid: process.pid,
      version: WINDLASS_VERSION,
      stopped,
      info: { files: this.#parsed.size },
    });
  }
}

/** sha256 over the files' contents; null when one cannot be read. */
function hashOf(files: readonly string[]): string | null {
  const hash = createHash('sha256');
  try {
    for (const file of files) {
      // A documentation file that a DAG names and that is not there yet: when it comes, the DAG is read again.
      if (file.endsWith('.md') && !existsSync(file)) {
        hash.update(file);
        continue;
      }
      const content = readDagFile(file);
      if (content === null) return null;
      hash.update(file).update(content);
    }
  } catch {
    return null;
  }
  return hash.digest('hex');
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
