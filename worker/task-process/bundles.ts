/**
 * The bundles that this process has imported. It takes another one as long as nothing that came before shows in it: code of one DAG
 * file must not meet what another left.
 */
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { getHeapStatistics } from 'node:v8';
import type { LoadMessage } from '#core/task-protocol.ts';
import { BUNDLE_BEGINS } from '#sdk/brands.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { findDags } from '#sdk/runtime/find-dags.ts';
import { watchForMarks } from './marks.ts';
import { watchForChanges } from './spoilt.ts';

type Place = Omit<LoadMessage, 'type'>;
type Dags = ReadonlyMap<string, DagDefinition>;

/** Of its heap, what earlier bundles may hold. */
const HEAP_SHARE_MAX = 1 / 4;
const RSS_MAX_BYTES = 384 * 1024 * 1024;

export class Bundles {
  readonly #loaded = new Map<string, Promise<Dags>>();
  /** Folders of bundles (there is one for each sdk), and whether the sdk there tells one bundle from the next. */
  readonly #homes = new Map<string, boolean>();
  /** What the sdks want called before each bundle. */
  readonly #begins = new Set<() => void>();
  readonly #isChanged: () => boolean;
  readonly #isMarked: () => boolean;
  /** One was loaded with an sdk that cannot tell. */
  #isMixedUp = false;
  #current: string | null = null;

  /** Looks at how things are: call it when the process is ready, and before any code of others runs in it. */
  constructor() {
    Object.defineProperty(globalThis, BUNDLE_BEGINS, { value: this.#begins });
    this.#isChanged = watchForChanges();
    this.#isMarked = watchForMarks();
  }

  /** The bundle whose attempts run; null = none was loaded. */
  get current(): string | null {
    return this.#current;
  }

  /** Whether attempts of the bundle may run here from now on. */
  takes({ bundleFile, bundleHash }: Place): boolean {
    if (this.#current === null || this.#current === bundleHash) return true;
    if (this.#isMixedUp || this.#homes.get(dirname(bundleFile)) === false) return false;
    return !this.#isChanged() && !this.#isMarked() && (this.#loaded.has(bundleHash) || hasRoom());
  }

  /** Rejects with what the module threw, each time it is asked for. */
  load({ bundleFile, bundleHash }: Place): Promise<Dags> {
    this.#current = bundleHash;
    const loading = this.#loaded.get(bundleHash) ?? this.#import(bundleFile);
    this.#loaded.set(bundleHash, loading);
    return loading;
  }

  async #import(bundleFile: string): Promise<Dags> {
    const home = dirname(bundleFile);
    const known = this.#begins.size;
    for (const begin of this.#begins) begin();
    try {
      return findDags((await import(pathToFileURL(bundleFile).href)) as object);
    } finally {
      if (!this.#homes.has(home)) this.#homes.set(home, this.#begins.size > known);
      this.#isMixedUp ||= this.#homes.get(home) === false;
    }
  }
}

function hasRoom(): boolean {
  const heap = getHeapStatistics();
  return heap.used_heap_size <= heap.heap_size_limit * HEAP_SHARE_MAX && process.memoryUsage.rss() <= RSS_MAX_BYTES;
}
