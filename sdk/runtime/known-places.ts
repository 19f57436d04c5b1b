/** The places that a DAG's assets name, and what was brought here from elsewhere: by which names what is read and written is known. */
import { tmpdir } from 'node:os';
import { type ColumnLineage, type ColumnSource, isFrame } from '#core/assets/asset-version.ts';
import { normaliseUri } from '#core/assets/normalise-uri.ts';
import type { AssetLike } from '../assets.ts';

/** `file:///lake/x.parquet`, `postgres://host:5432/database/schema/table`, …, and what else the same place is called. */
export interface Place {
  readonly uri: string;
  readonly alsoKnownAs?: readonly string[];
}

/** The first of those that are at this place; else the first that it is below. */
export function findAt<T>(
  all: readonly T[],
  { uri, alsoKnownAs = [] }: Place,
  namesOf: (one: T) => readonly (string | undefined)[],
): T | null {
  const names = [uri, ...alsoKnownAs].flatMap((name) => {
    const spelled = normaliseUri(name);
    return 'uri' in spelled ? [spelled.uri] : [];
  });
  const isAt = (one: T, fits: (asset: string, place: string) => boolean) =>
    namesOf(one).some((asset) => asset !== undefined && names.some((name) => fits(asset, name)));
  return (
    all.find((one) => isAt(one, (asset, name) => asset === name)) ??
    all.find((one) => isAt(one, (asset, name) => asset.includes('://') && name.startsWith(`${asset}/`))) ??
    null
  );
}

export class KnownPlaces {
  readonly #assets: readonly Exclude<AssetLike, { kind: 'asset_alias' }>[];
  /** Where files in it came from is known, or they are nobody's. */
  readonly #scratch: string;
  /** What lies there is gone when the task ends. Each task has its own, in a process that many use. */
  readonly #temporary = `file://${tmpdir()}/`;
  /** File -> where it was fetched from. */
  readonly #fetched = new Map<string, string>();

  constructor(mentioned: readonly AssetLike[], scratchFolder: string) {
    this.#assets = mentioned.filter((like) => like.kind !== 'asset_alias');
    this.#scratch = `file://${scratchFolder}/`;
  }

  fetched(from: string, to: string): void {
    this.#fetched.set(to, from);
  }

  isScratch(uri: string): boolean {
    return uri.startsWith(this.#scratch);
  }

  /** What the DAG calls the asset that is there; null = it knows of none. */
  assetAt(place: Place): string | null {
    const found = findAt(this.#assets, place, (asset) => [asset.uri, asset.name]);
    return found?.name ?? found?.uri ?? null;
  }

  /** With places called as the DAG's assets are. A column that is made of a file which nobody knows is left out. */
  settle(lineage: ColumnLineage): ColumnLineage | null {
    const settled = Object.entries(lineage).flatMap(([column, sources]) => {
      const known = sources.map((source) => this.#settleSource(source));
      return known.includes(null) ? [] : [[column, known as readonly ColumnSource[]] as const];
    });
    return settled.length === 0 ? null : Object.fromEntries(settled);
  }

  #settleSource(source: ColumnSource): ColumnSource | null {
    if (!source.asset.includes('://') || isFrame(source.asset)) return source;
    const uri = this.#fetched.get(source.asset) ?? source.asset;
    const asset = this.assetAt({ uri });
    if (asset === null && (this.isScratch(uri) || uri.startsWith(this.#temporary))) return null;
    return { ...source, asset: asset ?? uri };
  }
}
