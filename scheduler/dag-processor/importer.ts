/**
 * Imports bundled DAG files in cages. Most files use nothing but the language and the sdk while they are read: these go to
 * children that read many, each file in a sealed realm. All others, and whatever went wrong there, get a process of their own.
 * Nothing is kept running for longer than somebody saves files.
 */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock, Timer } from '#platform/clock.ts';
import { newId } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import { writeSdk } from '#platform/sdk-bundle.ts';
import { type Bundle, restBundler } from './bundle.ts';
import type { ImportAnswer } from './child/messages.ts';
import { ImportChild } from './import-child.ts';
import { RealmChild } from './realm-child.ts';
import type { SdkOutside } from './sdk-outside.ts';
import { SealedSdk } from './sealed-sdk.ts';
import { Turns } from './turns.ts';
import { writeBundle } from './write-bundle.ts';

export interface ImporterDeps {
  readonly config: Config;
  readonly clock: Clock;
  /** Folder for bundles on their way into a child. */
  readonly workFolder: string;
  /** Folders a file may read from. */
  readonly readable: readonly string[];
}

const PROCESSES_MAX = 2;
const REALM_CHILDREN_MAX = 2;
/** One more child is worth its start when so many files wait. */
const FILES_PER_CHILD = 20;
/** An author who saves again finds a warm child. */
const IDLE_MS = 20_000;

export class Importer {
  readonly #deps: ImporterDeps;
  readonly #own = new Turns(PROCESSES_MAX);
  readonly #children: RealmChild[] = [];
  readonly #busy = new Set<RealmChild>();
  readonly #alone = new Set<ImportChild>();
  #waiting: (() => void)[] = [];
  #sdk: { readonly home: string; readonly sealed: SealedSdk } | null = null;
  #idleTimer: Timer | null = null;
  #stopped = false;
  /** For tests and the log: how many files went which way. */
  readonly counts = { inRealms: 0, inProcesses: 0 };

  constructor(deps: ImporterDeps) {
    this.#deps = deps;
  }

  /** Before the first import. */
  async takeSdk(sdk: SdkOutside): Promise<void> {
    const { workFolder, clock } = this.#deps;
    this.#sdk = {
      home: await writeSdk(workFolder, sdk.modules, { temporaryName: newId(), usedAt: new Date(clock.now()) }),
      sealed: new SealedSdk(sdk),
    };
  }

  get sdkHash(): string {
    return this.#given.sealed.hash;
  }

  /** Never rejects but for the disk. */
  async import(bundle: Bundle, file: string): Promise<ImportAnswer> {
    const sealed = await this.#given.sealed.seal(bundle.code);
    if (sealed !== null) {
      const child = await this.#takeChild();
      const specs = child === null ? null : await child.read(sealed);
      if (child !== null) this.#giveBack(child);
      if (specs !== null) {
        this.counts.inRealms += 1;
        return { type: 'dags', specs };
      }
    }
    return this.#own.take(() => this.#importAlone(bundle, file));
  }

  /** Somebody saves a file: a child starts while the file is bundled. */
  warm(): void {
    if (this.#sdk === null || this.#stopped || this.#children.length > 0) return;
    this.#newChild();
    this.#planRest();
  }

  stop(): void {
    this.#stopped = true;
    this.#idleTimer?.cancel();
    for (const child of this.#children) child.kill();
    for (const child of this.#alone) child.kill('the DAG processor stops');
    for (const wake of this.#waiting.splice(0)) wake();
  }

  get #given() {
    if (this.#sdk === null) throw new Error('the importer has no sdk yet');
    return this.#sdk;
  }

  async #importAlone(bundle: Bundle, file: string): Promise<ImportAnswer> {
    const { config, clock } = this.#deps;
    this.counts.inProcesses += 1;
    const path = await writeBundle(this.#given.home, file, bundle);
    const child = new ImportChild({
      clock,
      timeoutMs: config.dagImportTimeoutMs,
      memoryMb: config.dagImportMemoryMb,
      defaults: this.#defaults,
      readable: [dirname(path), ...this.#deps.readable],
    });
    this.#alone.add(child);
    try {
      if (this.#stopped) child.kill('the DAG processor stops');
      return await child.import(path, file);
    } finally {
      this.#alone.delete(child);
      await rm(path, { force: true });
    }
  }

  get #defaults() {
    const { config } = this.#deps;
    return { retries: config.defaultTaskRetries, retryDelayMs: config.defaultTaskRetryDelayMs };
  }

  /** Waits for its turn. Null when there are none any more. */
  async #takeChild(): Promise<RealmChild | null> {
    for (;;) {
      if (this.#stopped) return null;
      const idle = this.#children.find((child) => !this.#busy.has(child) && child.isUsable);
      const room = REALM_CHILDREN_MAX - this.#busy.size;
      const isWorth = this.#children.length === 0 || this.#busy.size === 0 || this.#waiting.length >= FILES_PER_CHILD;
      const child = idle ?? (room > 0 && isWorth ? this.#newChild() : undefined);
      if (child !== undefined) {
        this.#busy.add(child);
        this.#idleTimer?.cancel();
        this.#idleTimer = null;
        return child;
      }
      await new Promise<void>((wake) => this.#waiting.push(wake));
    }
  }

  #newChild(): RealmChild {
    const { config, clock } = this.#deps;
    const child = new RealmChild({
      clock,
      sdk: this.#given.sealed,
      memoryMb: config.dagImportMemoryMb,
      defaults: this.#defaults,
      readable: [],
    });
    this.#children.push(child);
    return child;
  }

  #giveBack(child: RealmChild): void {
    this.#busy.delete(child);
    if (!child.isUsable) {
      child.kill();
      this.#children.splice(this.#children.indexOf(child), 1);
    }
    this.#waiting.shift()?.();
    if (this.#busy.size === 0 && !this.#stopped) this.#planRest();
  }

  #planRest(): void {
    this.#idleTimer?.cancel();
    this.#idleTimer = this.#deps.clock.after(IDLE_MS, () => {
      for (const one of this.#children.splice(0)) one.kill();
      void restBundler();
    });
  }
}
