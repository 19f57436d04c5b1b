/**
 * Plugins: finds them in their folder, keeps a caged process for each that has something to answer, and answers the
 * scheduler from there. No line of a plugin runs in the scheduler's own process, and what one does wrong is written
 * down under its name.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, extname, join, relative } from 'node:path';
import { AppError } from '#core/errors.ts';
import { NOTHING_PROVIDED, type PluginLink, type Provides, type WeighedByPlugin } from '#core/plugin-protocol.ts';
import type { NextRun } from '#core/timetable/timetable.ts';
import type { Broker } from '#platform/broker/broker.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { savePluginFault } from '#platform/db/queries/plugins/save-plugin-fault.ts';
import { savePlugins } from '#platform/db/queries/plugins/save-plugins.ts';
import { touchCustomDags } from '#platform/db/queries/plugins/touch-custom-dags.ts';
import type { Logger } from '#platform/logger.ts';
import { PluginChild } from '#platform/plugins/plugin-child.ts';
import { Loop, type Service } from '#platform/service/service.ts';
import { makeTemporaryFolder } from '#platform/temporary-folder.ts';
import type { CustomTimetables } from '../engine/deps.ts';
import { LINEAGE_LISTENERS, OPEN_LINEAGE, sendLineage } from '../open-lineage/sender.ts';
import { BundleError, bundleFile } from './bundle.ts';
import { hearOnce } from './plugin-ear.ts';
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
  readonly links: readonly PluginLink[];
  /** Bundled, for a plugin whose code workers run. */
  readonly code: string | null;
  readonly child: PluginChild | null;
  readonly error: string | null;
}

const SCAN_MS = 3_000;
const PLUGIN_FILE = /^[A-Za-z0-9_-]+\.(ts|mts|js|mjs)$/;
/** A timetable must answer within this, loading the plugin included. */
const ANSWER_MS = 5_000;
const HEAR_MS = 500;
/** Asked in the plugin's own process, so that the scheduler can go on. */
const SERVED = ['timetables', 'listeners', 'priorityStrategies'] as const satisfies readonly (keyof Provides)[];

export class PluginHost implements Service, CustomTimetables {
  readonly #deps: PluginHostDeps;
  readonly #workFolder: string;
  readonly #loop: Loop;
  readonly #ears: Loop;
  /** By plugin name: what went wrong and is not written down yet. */
  readonly #faults = new Map<string, { count: number; last: string }>();
  readonly #hearing = new Set<string>();
  #plugins: readonly PluginFile[] = [];
  #hasScanned = false;

  constructor(deps: PluginHostDeps) {
    this.#deps = deps;
    this.#workFolder = makeTemporaryFolder('plugins');
    const { clock, logger } = deps;
    this.#ears = new Loop({ name: 'plugin_events', clock, logger, intervalMs: HEAR_MS, runOnce: () => this.hear() });
    this.#loop = new Loop({ name: 'plugins', clock, logger, intervalMs: SCAN_MS, runOnce: async () => void (await this.runOnce()) });
  }

  /** Resolves when every plugin was loaded once, or found broken. */
  async start(): Promise<void> {
    await this.runOnce();
    await this.#loop.start();
    await this.#ears.start();
  }

  async stop(): Promise<void> {
    await this.#ears.stop();
    await this.#loop.stop();
    await this.#saveFaults().catch(() => {});
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
    this.#ears.wake();
  }

  /** Rejects with SCHEDULE_INVALID when no plugin offers the timetable, or it fails. */
  async nextRun({ name, ...question }: Parameters<CustomTimetables['nextRun']>[0]): Promise<NextRun | null> {
    const plugin = this.#offering('timetables', name);
    if (!plugin?.child) throw new AppError('SCHEDULE_INVALID', this.#nobodyOffers('timetable', 'timetables', name));
    const what = `timetable "${name}"`;
    try {
      const run = await plugin.child.ask({ what: 'next_run', timetable: name, question }, { what, limitMs: ANSWER_MS });
      if (run === null || isNextRun(run)) return run;
      throw new AppError('PLUGIN_FAILED', `${what} answered something that is no run (${basename(plugin.file)})`);
    } catch (error) {
      this.#noteFault(plugin.name, (error as Error).message);
      throw new AppError('SCHEDULE_INVALID', (error as Error).message);
    }
  }

  /** The weights that a plugin's strategy gives. Rejects with PLUGIN_FAILED, naming the plugin or those there are. */
  async weigh(strategy: string, tasks: readonly WeighedByPlugin[]): Promise<readonly number[]> {
    const plugin = this.#offering('priorityStrategies', strategy);
    if (!plugin?.child) throw new AppError('PLUGIN_FAILED', this.#nobodyOffers('priority strategy', 'priorityStrategies', strategy));
    const what = `priority strategy "${strategy}"`;
    try {
      const weights = await plugin.child.ask({ what: 'weigh', strategy, tasks }, { what, limitMs: ANSWER_MS });
      if (Array.isArray(weights) && weights.length === tasks.length && weights.every((weight) => Number.isFinite(weight)))
        return weights as number[];
      throw new AppError('PLUGIN_FAILED', `${what} answered something that is no list of weights (${basename(plugin.file)})`);
    } catch (error) {
      this.#noteFault(plugin.name, (error as Error).message);
      throw error;
    }
  }

  /** One round: each plugin with listeners hears what waits for it, unless it is still hearing. Then faults are written. */
  async hear(): Promise<number | undefined> {
    const { db, logger, config } = this.#deps;
    const listeners = this.#plugins.filter(({ child, provides }) => child !== null && provides.listeners.length > 0);
    for (const { name, child } of listeners) {
      if (child === null || this.#hearing.has(name)) continue;
      this.#hearing.add(name);
      // Not waited for: a listener may take its time, and the others theirs.
      void hearOnce(db, { name, child, onFault: (what) => this.#noteFault(name, what) })
        .then((isMore) => isMore && this.#ears.wake())
        .catch((error: Error) =>
          logger.warn({ event: 'plugin.not_told', plugin: name, err: error.message }, `${name} could not be told yet`),
        )
        .finally(() => this.#hearing.delete(name));
    }
    this.#sendLineage();
    await this.#saveFaults();
    // A plugin that begins to listen wakes its ears.
    return listeners.length === 0 && config.openLineageTo === '' ? SCAN_MS : undefined;
  }

  /** Events of OpenLineage wait in the same queue as those of plugins. */
  #sendLineage(): void {
    const { config, db, clock } = this.#deps;
    if (config.openLineageTo === '' || this.#hearing.has(OPEN_LINEAGE)) return;
    this.#hearing.add(OPEN_LINEAGE);
    const onFault = (what: string) => this.#noteFault(OPEN_LINEAGE, what);
    void sendLineage({ config, db, clock, onFault })
      .then((isMore) => isMore && this.#ears.wake())
      .catch((error: Error) => onFault(`not sent yet: ${error.message}`))
      .finally(() => this.#hearing.delete(OPEN_LINEAGE));
  }

  #offering(kind: keyof Provides, name: string): PluginFile | undefined {
    return this.#plugins.find((one) => one.provides[kind].includes(name));
  }

  #nobodyOffers(word: string, kind: keyof Provides, name: string): string {
    const offered = this.#plugins.flatMap((one) => one.provides[kind]);
    const broken = this.#plugins.filter((one) => one.error !== null).map((one) => `${basename(one.file)}: ${one.error}`);
    return `No plugin offers the ${word} "${name}". ${offered.length > 0 ? `There are: ${offered.join(', ')}.` : 'There is none.'}${broken.length > 0 ? ` Broken plugins: ${broken.join('; ')}` : ''}`;
  }

  #noteFault(plugin: string, what: string): void {
    const known = this.#faults.get(plugin);
    this.#faults.set(plugin, { count: (known?.count ?? 0) + 1, last: what });
    // One line for many of the same: a listener that always throws must not fill the log.
    if (known?.last !== what) this.#deps.logger.warn({ event: 'plugin.fault', plugin }, `plugin ${plugin}: ${what}`);
  }

  async #saveFaults(): Promise<void> {
    const faults = [...this.#faults];
    this.#faults.clear();
    for (const [name, { count, last }] of faults) await savePluginFault(this.#deps.db, name, count, last);
  }

  async #load(file: string): Promise<PluginFile> {
    const { config, clock, logger } = this.#deps;
    const label = `plugins/${relative(config.pluginsFolder, file)}`;
    const broken = (message: string, files: readonly string[]): PluginFile => {
      logger.warn({ event: 'plugin.broken', file: label }, `${label}: ${message}`);
      return { file, name: basename(file, extname(file)), files, hash: hashOf(files), ...EMPTY, error: message };
    };
    const known = { name: basename(file, extname(file)) };
    try {
      const bundle = await bundleFile(file, { dags: config.pluginsFolder, plugins: config.pluginsFolder, sdk: 'inside' });
      const child = new PluginChild({
        bundleFile: await writeBundle(this.#workFolder, file, bundle),
        label,
        loadTimeoutMs: config.dagImportTimeoutMs,
        memoryMb: config.dagImportMemoryMb,
        readable: [this.#workFolder, config.pluginsFolder],
        clock,
        logger,
        onFault: (what) => this.#noteFault(known.name, what),
      });
      const loaded = await child.load();
      if (!loaded.ok) {
        await child.stop();
        return broken(loaded.message, bundle.files);
      }
      const { name, provides, links } = loaded;
      known.name = name;
      logger.info({ event: 'plugin.loaded', plugin: name, file: label }, `plugin ${name}: ${describe(provides)}`);
      const isServing = SERVED.some((kind) => provides[kind].length > 0);
      if (!isServing) await child.stop();
      const code = provides.secrets.length > 0 ? bundle.code : null;
      const { files } = bundle;
      return { file, name, files, hash: hashOf(files), provides, links, code, child: isServing ? child : null, error: null };
    } catch (error) {
      const position = error instanceof BundleError ? error.position : null;
      const where = position === null ? '' : `${relative(config.pluginsFolder, position.file)}:${position.line}: `;
      return broken(`${where}${(error as Error).message}`, [file]);
    }
  }

  /** The table tells people, and the DAG processor, what is there; schedules by plugins are planned anew. */
  async #save(): Promise<void> {
    const { db, config, broker } = this.#deps;
    const builtIn = config.openLineageTo === '' ? [] : [LINEAGE_ROW];
    await savePlugins(db, [
      ...builtIn,
      ...this.#plugins.map(({ file, name, provides, links, error, code }) => ({
        name,
        filePath: relative(config.pluginsFolder, file),
        provides,
        links,
        error,
        code,
      })),
    ]);
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
    const { name, provides } = plugin;
    const claims = [
      `plugin "${name}"`,
      ...provides.timetables.map((one) => `timetable "${one}"`),
      ...provides.priorityStrategies.map((one) => `priority strategy "${one}"`),
    ];
    const taken = claims.find((claim) => seen.has(claim));
    if (taken === undefined || plugin.error !== null) {
      for (const claim of claims) seen.set(claim, basename(plugin.file));
      return plugin;
    }
    void plugin.child?.stop();
    const shown = taken.startsWith('plugin') ? basename(plugin.file) : name;
    return { ...plugin, ...EMPTY, name: shown, error: `${taken} is defined in ${seen.get(taken)} already. Rename one.` };
  });
}

/** People see it on the page of plugins, with what went wrong. */
const LINEAGE_ROW = {
  name: OPEN_LINEAGE,
  filePath: '(built in)',
  provides: { ...NOTHING_PROVIDED, listeners: LINEAGE_LISTENERS },
  links: [],
  error: null,
  code: null,
};

const EMPTY = { provides: NOTHING_PROVIDED, links: [], code: null, child: null } as const;

function isNextRun(run: unknown): run is NextRun {
  const names = ['logicalDateMs', 'intervalStartMs', 'intervalEndMs', 'runAfterMs'];
  return typeof run === 'object' && run !== null && names.every((name) => Number.isFinite((run as Record<string, unknown>)[name]));
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
