/** Which outlet each writing of a body belongs to, whether its columns may be published, and what became of it all in the end. */
import type { AssetEmission, AssetUse } from '#core/assets/asset-spec.ts';
import {
  type AssetColumn,
  addFacts,
  type ColumnLineage,
  mergeFacts,
  parseFacts,
  VERSION_LIMITS,
  type VersionFacts,
} from '#core/assets/asset-version.ts';
import { nameOf } from '#core/assets/condition.ts';
import { diffColumns, wordsOfChange } from '#core/assets/schema-change.ts';
import type { Asset, AssetLike } from '../assets.ts';
import { Fatal } from '../outcomes.ts';
import { readUse } from '../read-assets.ts';
import type { FrameTrace, Publication, WriteListener, Written } from './asset-writes.ts';
import { findAt, type KnownPlaces, type Place } from './known-places.ts';
import type { TaskHost } from './task-host.ts';

interface Outlet {
  readonly use: Extract<AssetUse, { asset: unknown }>;
  readonly policy: Asset['schemaChange'];
  /** 0 = none are kept. */
  readonly previewRows: number;
  /** By place: a file that is written twice is there once. */
  readonly places: Map<string, VersionFacts>;
  /** What the author said by `describe`. */
  said: VersionFacts | null;
  /** Columns that were found to be fit, as JSON. */
  checked: string | null;
}

interface VersionDeskParts {
  readonly host: TaskHost;
  readonly places: KnownPlaces;
  /** Null: no task of the DAG writes an asset. */
  readonly trace: FrameTrace | null;
}

const PLACES_MAX = 10_000;

export class VersionDesk implements WriteListener {
  readonly #outlets: readonly Outlet[];
  readonly #host: TaskHost;
  readonly #places: KnownPlaces;
  readonly trace: FrameTrace | null;
  /** What was written, by place. */
  readonly #known = new Map<string, VersionFacts>();
  /** Of a task with one outlet: what went to no place that is known. The last one counts. */
  #elsewhere: { readonly facts: VersionFacts; readonly isScratch: boolean } | null = null;

  constructor(outlets: readonly AssetLike[], { host, places, trace }: VersionDeskParts) {
    this.#host = host;
    this.#places = places;
    this.trace = trace;
    this.#outlets = outlets.flatMap((like) => {
      const use = readUse('outlets', like);
      if ('alias' in use) return [];
      return [
        {
          use,
          policy: like.kind === 'asset' ? like.schemaChange : null,
          // Of an asset that another file defines the catalogue knows whether rows are kept.
          previewRows: (like.kind === 'asset' ? like.previewRows : null) ?? VERSION_LIMITS.sampleRowsUnasked,
          places: new Map(),
          said: null,
          checked: null,
        },
      ];
    });
  }

  get isListening(): boolean {
    return this.#outlets.length > 0;
  }

  fetched(from: string, to: string): void {
    this.#places.fetched(from, to);
  }

  assetAt(place: Place): string | null {
    return this.#places.assetAt(place);
  }

  settle(lineage: ColumnLineage): ColumnLineage | null {
    return this.#places.settle(lineage);
  }

  async beforePublish({ columns, ...place }: Publication): Promise<void> {
    const outlet = this.#outletOf(place);
    if (outlet !== null) await this.#check(outlet, columns);
  }

  columnsAt(uri: string): readonly AssetColumn[] | null {
    return this.#known.get(uri)?.columns ?? null;
  }

  copied(from: string, to: string): void {
    const facts = this.#known.get(from);
    if (facts) this.written({ ...facts, uri: to });
  }

  written({ uri, alsoKnownAs = [], adds = false, firstRows, nulls, sameAs = [], ...given }: Written): void {
    const wanted = Math.max(0, ...this.#outlets.map((outlet) => outlet.previewRows));
    const said = { ...this.#factsAt(sameAs), ...given };
    const sample = wanted > 0 && firstRows ? withoutFailing(() => firstRows(wanted)) : said.sample;
    const columnLineage = said.columnLineage && (this.settle(said.columnLineage) ?? undefined);
    const counted = sample && nulls && { ...sample, nulls: sample.columns.map((name) => nulls[name] ?? null) };
    const parsed = parseFacts({ ...said, columnLineage, sample: counted ?? sample });
    if (parsed === null) return;
    const before = adds ? this.#known.get(uri) : undefined;
    const facts = before ? addFacts(before, parsed) : parsed;
    if (this.#known.size < PLACES_MAX || this.#known.has(uri)) this.#known.set(uri, facts);
    const outlet = this.#match({ uri, alsoKnownAs });
    if (outlet === null) {
      // Read by tasks of the run only: nobody's asset unless nothing else was written.
      const isScratch = this.#places.isScratch(uri);
      if (!isScratch || this.#elsewhere?.isScratch !== false) this.#elsewhere = { facts, isScratch };
      return;
    }
    if (outlet.places.size < PLACES_MAX || outlet.places.has(uri)) outlet.places.set(uri, facts);
  }

  /** Of what is at all of these places; nothing of what nobody has told of. */
  #factsAt(places: readonly string[]): VersionFacts {
    const known = places.map((place) => this.#known.get(place) ?? null);
    const [first, ...others] = known;
    if (!first || known.includes(null)) return {};
    return others.reduce<VersionFacts>((sum, one) => (one ? addFacts(sum, one) : sum), first);
  }

  /** What the author says counts more than what writers report. */
  describe(use: AssetUse, given: unknown): void {
    const facts = parseFacts(given);
    if (facts === null)
      throw new Fatal(
        'describe({ columns: [{ name, type, nullable }], rows, bytes, partitions: [text], columnLineage: { column: [{ asset, column }] } }) needs at least one of these.',
      );
    const outlet = this.#outlets.find((one) => keyOf(one.use) === keyOf(use));
    if (!outlet) throw new Fatal('describe is for assets; an alias gets it with the asset: add(asset, { version }).');
    outlet.said = mergeFacts(outlet.said, facts);
  }

  /** Puts what is known of each outlet to what is said of it; rejects when columns may not be published that no writer asked about. */
  async complete(emissions: readonly AssetEmission[]): Promise<readonly AssetEmission[]> {
    const complete = [...emissions];
    for (const outlet of this.#outlets) {
      const facts = this.#factsOf(outlet);
      if (facts === null) continue;
      if (facts.columns) await this.#check(outlet, facts.columns);
      const own = complete.flatMap((said, index) => (said.alias === undefined && isAbout(said, outlet.use) ? [index] : []));
      if (own.length === 0) complete.push({ ...outlet.use.asset, extra: {}, version: facts });
      for (const index of own) {
        const said = complete[index] as AssetEmission;
        // Of several partitions nobody knows which rows are whose.
        complete[index] = { ...said, version: own.length === 1 ? { ...facts, ...said.version } : { ...columnsOf(facts), ...said.version } };
      }
    }
    return complete;
  }

  #factsOf(outlet: Outlet): VersionFacts | null {
    const written = [...outlet.places.values()].reduce<VersionFacts | null>((sum, one) => (sum ? addFacts(sum, one) : one), null);
    const facts = mergeFacts(written ?? (this.#outlets.length === 1 ? (this.#elsewhere?.facts ?? null) : null), outlet.said);
    if (facts?.sample === undefined) return facts;
    const { sample, ...others } = facts;
    const kept = outlet.previewRows > 0 && { sample: { ...sample, rows: sample.rows.slice(0, outlet.previewRows) } };
    return Object.keys(others).length === 0 && !kept ? null : { ...others, ...kept };
  }

  async #check(outlet: Outlet, columns: readonly AssetColumn[]): Promise<void> {
    const text = JSON.stringify(columns);
    if (outlet.policy === null || outlet.policy === 'allow' || outlet.checked === text) return;
    const before = (await this.#host.request({ what: 'asset_columns', of: outlet.use })) as readonly AssetColumn[] | null;
    outlet.checked = text;
    const broken = before === null ? [] : diffColumns(before, columns).filter((change) => !change.isCompatible);
    if (broken.length === 0) return;
    const words = `The columns of the asset "${nameOf(outlet.use.asset)}" no longer fit what was written before: ${broken.map(wordsOfChange).join('; ')}.`;
    if (outlet.policy === 'warn') {
      this.#host.log('warning', words);
      return;
    }
    outlet.checked = null;
    throw new Fatal(
      `${words} Nothing was published. Keep the columns, write to another asset, or let this change pass once with schemaChange: 'warn'.`,
    );
  }

  /** The outlet that is this place; of a task with one outlet, that one. */
  #outletOf(place: Pick<Publication, 'uri' | 'alsoKnownAs'>): Outlet | null {
    return this.#match(place) ?? (this.#outlets.length === 1 && !this.#places.isScratch(place.uri) ? (this.#outlets[0] ?? null) : null);
  }

  #match(place: Place): Outlet | null {
    return findAt(this.#outlets, place, ({ use: { asset } }) => [asset.uri, asset.name]);
  }
}

/** First rows are an extra: no cell of a strange kind may fail a task that has written everything. */
function withoutFailing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function columnsOf({ columns, columnLineage }: VersionFacts): VersionFacts {
  return { ...(columns && { columns }), ...(columnLineage && { columnLineage }) };
}

function isAbout(said: AssetEmission, { asset }: Outlet['use']): boolean {
  return (asset.name === undefined || said.name === asset.name) && (asset.uri === undefined || said.uri === asset.uri);
}

function keyOf(use: AssetUse): string {
  return JSON.stringify('alias' in use ? use : [use.asset.name ?? null, use.asset.uri ?? null]);
}
