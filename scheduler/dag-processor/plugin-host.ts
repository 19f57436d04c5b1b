/**
 * Plugins: finds them in their folder, keeps a caged process for each that has timetables or listeners, and
 * answers the scheduler from there. No line of a plugin runs in the scheduler's own process.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join, relative } from 'node:path';
import { AppError } from '#core/errors.ts';
import type { NextRun } from '#core/timetable/timetable.ts';
import type { Broker } from '#platform/broker/broker.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { savePlugins } from '#platform/db/queries/save-plugins.ts';
import { touchCustomDags } from '#platform/db/queries/touch-custom-dags.ts';
import type { Logger } from '#platform/logger.ts';
import { Loop, type Service } from '#platform/service/service.ts';
import type { CustomTimetables, EngineEvent } from '../engine/deps.ts';
import { BundleError, bundleFile } from './bundle.ts';
import type { PluginListener, Provides } from './child/plugin-messages.ts';
import { PluginChild } from './plugin-child.ts';
import { writeBundle } from './write-bundle.ts';

export interface PluginHostDeps {
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface PluginFile {
  /** Absolute. */
  readonly file: string;
  readonly name: string;
  /** Its own sources and their content, to notice changes. */
  readonly files: readonly string[];
  readonly hash: string | null;
  readonly provides: Provides;
  readonly child: PluginChild | null;
  readonly error: string | null;
}

const SCAN_MS = 3_000;
const PLUGIN_FILE = /^[A-Za-z0-9_-]+\.(ts|mts|js|mjs)$/;
const NOTHING: Provides = { tasks: [], macros: [], timetables: [], listeners: [] };

const LISTENER_OF: Readonly<Record<EngineEvent['type'], PluginListener>> = {
  dag_run_running: 'onDagRunRunning',
  dag_run_success: 'onDagRunSuccess',
  dag_run_failed: 'onDagRunFailed',
  task_instance_failed: 'onTaskInstanceFailed',
};

export class PluginHost implements Service, CustomTimetables {
  readonly #deps: PluginHostDeps;
  readonly #workFolder: string;
  readonly #loop: Loop;
  #plugins: readonly PluginFile[] = [];
  #hasScanned = false;

  constructor(deps: PluginHostDeps) {
    this.#deps = deps;
    this.#workFolder = mkdtempSync(join(tmpdir(), 'windlass-plugins-'));
    const { clock, logger } = deps;
    this.#loop = new Loop({ name: 'plugins', clock, logger, intervalMs: SCAN_MS, runOnce: async () => void (await this.runOnce()) });
  }

  /** Resolves when every plugin was loaded once, or found broken. */
  async start(): Promise<void> {
    await this.runOnce();
    await this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await Promise.all(this.#plugins.map((plugin) => plugin.child?.stop()));
    this.#plugins = [];
    rmSync(this.#workFolder, { recursive: true, force: true });
  }

  /** One look at the folder: loads what is new or changed, drops what is gone. */
  async runOnce(): Promise<void> {
    const present = listPluginFiles(this.#deps.config.pluginsFolder);
    const known = new Map(this.#plugins.map((plugin) => [plugin.file, plugin]));
    const kept = (file: string): PluginFile | undefined => {
      const plugin = known.get(file);
      return plugin !== undefined && hashOf(plugin.files) === plugin.hash ? plugin : undefined;
    };
    const isSame = this.#hasScanned && present.length === known.size && present.every((file) => kept(file) !== undefined);
    if (isSame) return;
    const loaded = await Promise.all(present.map(async (file) => kept(file) ?? (await this.#load(file))));
    const next = refuseDoubles(loaded);
    const replaced = this.#plugins.filter((plugin) => !next.some((one) => one.child === plugin.child));
    this.#plugins = next;
    await Promise.all(replaced.map((plugin) => plugin.child?.stop()));
    await this.#save();
    this.#hasScanned = true;
  }

  /** Rejects with SCHEDULE_INVALID when no plugin offers the timetable, or it fails. */
  nextRun({ name, ...question }: Parameters<CustomTimetables['nextRun']>[0]): Promise<NextRun | null> {
    const plugin = this.#plugins.find((one) => one.provides.timetables.includes(name));
    if (plugin?.child) return plugin.child.nextRun(name, question);
    const offered = this.#plugins.flatMap((one) => one.provides.timetables);
    const broken = this.#plugins.filter((one) => one.error !== null).map((one) => `${basename(one.file)}: ${one.error}`);
    return Promise.reject(
      new AppError(
        'SCHEDULE_INVALID',
        `No plugin offers the timetable "${name}". ${offered.length > 0 ? `There are: ${offered.join(', ')}.` : 'There is none.'}${broken.length > 0 ? ` Broken plugins: ${broken.join('; ')}` : ''}`,
      ),
    );
  }

  notify(event: EngineEvent): void {
    const listener = LISTENER_OF[event.type];
    const { type, ...facts } = event;
    const told = type === 'task_instance_failed' ? { mapIndex: -1, ...facts } : facts;
    for (const { child, provides } of this.#plugins) if (provides.listeners.includes(listener)) child?.notify(listener, told);
  }

  async #load(file: string): Promise<PluginFile> {
    const { config, clock, logger } = this.#deps;
    const label = `plugins/${relative(config.pluginsFolder, file)}`;
    const broken = (message: string, files: readonly string[]): PluginFile => {
      logger.warn({ event: 'plugin.broken', file: label }, `${label}: ${message}`);
      return { file, name: basename(file, extname(file)), files, hash: hashOf(files), provides: NOTHING, child: null, error: message };
    };
    try {
      const bundle = await bundleFile(file, { dags: config.pluginsFolder, plugins: config.pluginsFolder });
      const child = new PluginChild({
        bundleFile: await writeBundle(this.#workFolder, file, bundle),
        label,
        loadTimeoutMs: config.dagImportTimeoutMs,
        memoryMb: config.dagImportMemoryMb,
        readable: [this.#workFolder, config.pluginsFolder],
        clock,
        logger,
      });
      const loaded = await child.load();
      if (!loaded.ok) {
        await child.stop();
        return broken(loaded.message, bundle.files);
      }
      const { name, provides } = loaded;
      logger.info({ event: 'plugin.loaded', plugin: name, file: label }, `plugin ${name}: ${describe(provides)}`);
      const isServing = provides.timetables.length > 0 || provides.listeners.length > 0;
      if (!isServing) await child.stop();
      return { file, name, files: bundle.files, hash: hashOf(bundle.files), provides, child: isServing ? child : null, error: null };
    } catch (error) {
      const position = error instanceof BundleError ? error.position : null;
      const where = position === null ? '' : `${relative(config.pluginsFolder, position.file)}:${position.line}: `;
      return broken(`${where}${(error as Error).message}`, [file]);
    }
  }

  /** The table tells people, and the DAG processor, what is there; schedules by plugins are planned anew. */
  async #save(): Promise<void> {
    const { db, config, broker } = this.#deps;
    await savePlugins(
      db,
      this.#plugins.map(({ file, name, provides, error }) => ({ name, filePath: relative(config.pluginsFolder, file), provides, error })),
    );
    const dagIds = await touchCustomDags(db);
    if (dagIds.length > 0) broker.ring('dags_changed', { dagIds });
  }
}

function listPluginFiles(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => PLUGIN_FILE.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/** Of two plugins with one name, or two timetables, the first file wins; the other is broken and says why. */
function refuseDoubles(plugins: readonly PluginFile[]): readonly PluginFile[] {
  const seen = new Map<string, string>();
  return plugins.map((plugin) => {
    const claims = [`plugin "${plugin.name}"`, ...plugin.provides.timetables.map((name) => `timetable "${name}"`)];
    const taken = claims.find((claim) => seen.has(claim));
    if (taken === undefined || plugin.error !== null) {
      for (const claim of claims) seen.set(claim, basename(plugin.file));
      return plugin;
    }
    void plugin.child?.stop();
    const name = taken.startsWith('plugin') ? basename(plugin.file) : plugin.name;
    return { ...plugin, name, provides: NOTHING, child: null, error: `${taken} is defined in ${seen.get(taken)} already. Rename one.` };
  });
}

function describe(provides: Provides): string {
  const parts = Object.entries(provides).filter(([, names]) => names.length > 0);
  return parts.length === 0
    ? 'offers nothing'
    : parts.map(([kind, names]) => `${kind} ${(names as readonly string[]).join(', ')}`).join('; ');
}

/** sha256 over the files' contents; null when one cannot be read. */
function hashOf(files: readonly string[]): string | null {
  const hash = createHash('sha256');
  try {
    for (const file of files) hash.update(file).update(readFileSync(file));
  } catch {
    return null;
  }
  return hash.digest('hex');
}
