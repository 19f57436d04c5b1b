/**
 * Secrets backends of plugins: each in a caged process beside this one, with its own settings and no other credential.
 * One that fails or hangs is passed over and named; whoever asked goes on with the next source.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleHash } from '#platform/bundle-hash.ts';
import { type Clock, newId } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import { listSecretPlugins } from '#platform/db/queries/plugins/list-secret-plugins.ts';
import { savePluginFault } from '#platform/db/queries/plugins/save-plugin-fault.ts';
import type { Logger } from '#platform/logger.ts';
import { PluginChild } from '#platform/plugins/plugin-child.ts';
import { SharedRead } from '#platform/service/shared-read.ts';
import { makeTemporaryFolder } from '#platform/temporary-folder.ts';
import type { Connection } from './connection.ts';

export interface SecretSource {
  connection(id: string): Promise<Connection | null>;
  variable(key: string): Promise<string | null>;
}

export interface SecretPluginsDeps {
  readonly config: Config;
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Backend {
  readonly hash: string;
  readonly child: PluginChild;
}

/** A changed plugin counts after at most this. */
const FRESH_MS = 3_000;
const ANSWER_MS = 5_000;

export class SecretPlugins implements SecretSource {
  readonly #deps: SecretPluginsDeps;
  readonly #listed: SharedRead<Awaited<ReturnType<typeof listSecretPlugins>>>;
  readonly #backends = new Map<string, Backend>();
  #folder: string | null = null;

  constructor(deps: SecretPluginsDeps) {
    this.#deps = deps;
    this.#listed = new SharedRead(deps.clock, FRESH_MS, () => listSecretPlugins(deps.db));
  }

  async connection(id: string): Promise<Connection | null> {
    return this.#first(async (child) => {
      const found = await child.ask(
        { what: 'connection', id },
        { what: `the secrets backend, asked for the connection "${id}",`, limitMs: ANSWER_MS },
      );
      return found === null ? null : connectionOf(id, found);
    });
  }

  async variable(key: string): Promise<string | null> {
    return this.#first(async (child) => {
      const found = await child.ask(
        { what: 'variable', key },
        { what: `the secrets backend, asked for the variable "${key}",`, limitMs: ANSWER_MS },
      );
      if (found === null || typeof found === 'string') return found;
      throw new Error(`the secrets backend answered ${typeof found} for the variable "${key}", not a text`);
    });
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#backends.values()].map(({ child }) => child.stop()));
    this.#backends.clear();
    if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = null;
  }

  async #first<T>(ask: (child: PluginChild) => Promise<T | null>): Promise<T | null> {
    for (const { name, code } of await this.#current()) {
      try {
        const found = await ask(this.#backend(name, code).child);
        if (found !== null) return found;
      } catch (error) {
        this.#fault(name, (error as Error).message);
      }
    }
    return null;
  }

  async #current() {
    const listed = await this.#listed.get();
    for (const [name, { child }] of this.#backends)
      if (!listed.some((one) => one.name === name)) {
        this.#backends.delete(name);
        await child.stop();
      }
    return listed;
  }

  #backend(name: string, code: string): Backend {
    const hash = bundleHash(code);
    const known = this.#backends.get(name);
    if (known?.hash === hash) return known;
    void known?.child.stop();
    const { config, clock, logger } = this.#deps;
    this.#folder ??= makeTemporaryFolder('secrets');
    const bundleFile = join(this.#folder, `${hash}.${newId()}.mjs`);
    writeFileSync(bundleFile, code);
    const child = new PluginChild({
      bundleFile,
      label: `plugin ${name}`,
      loadTimeoutMs: config.dagImportTimeoutMs,
      memoryMb: config.dagImportMemoryMb,
      readable: [this.#folder],
      settings: settingsOf(config, name),
      clock,
      logger,
      onFault: () => {},
    });
    const made = { hash, child };
    this.#backends.set(name, made);
    return made;
  }

  #fault(name: string, what: string): void {
    const { db, logger } = this.#deps;
    logger.warn({ event: 'plugin.fault', plugin: name }, `plugin ${name}: ${what}`);
    // Not waited for: the task that asked must not wait for a note.
    savePluginFault(db, name, 1, what).catch(() => {});
  }
}

/** WINDLASS_PLUGIN_VAULT_TOKEN is the setting "token" of the plugin "vault". */
function settingsOf(config: Config, plugin: string): Readonly<Record<string, string>> {
  const prefix = `${plugin.replace(/[^A-Za-z0-9]/g, '_').toLowerCase()}_`;
  const own = [...config.pluginSettings].filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value.reveal()]));
}

/** A stranger's answer: each field is taken only if it is of its kind. */
function connectionOf(id: string, found: unknown): Connection {
  if (typeof found !== 'object' || found === null)
    throw new Error(`the secrets backend answered ${typeof found} for the connection "${id}"`);
  const given = found as Readonly<Record<string, unknown>>;
  const text = (name: string) => (typeof given[name] === 'string' ? (given[name] as string) : null);
  const { port, extra } = given;
  return {
    id,
    type: text('type') ?? '',
    host: text('host'),
    port: typeof port === 'number' && Number.isInteger(port) ? port : null,
    login: text('login'),
    password: text('password'),
    schema: text('schema'),
    extra: typeof extra === 'object' && extra !== null && !Array.isArray(extra) ? (extra as Record<string, unknown>) : {},
  };
}
