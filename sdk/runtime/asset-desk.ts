/** What a body says of its outlets and reads of its inlets, collected until it has succeeded. */
import { ASSET_LIMITS, type AssetEmission, type AssetUse } from '#core/assets/asset-spec.ts';
import { FRAME, parseFacts } from '#core/assets/asset-version.ts';
import { nameOf } from '#core/assets/condition.ts';
import type { AssetEventQuery, AssetEventRecord, AttemptContext } from '#core/task-protocol.ts';
import type { Asset, AssetLike, AssetRef } from '../assets.ts';
import type { AssetEvent, EmitOptions, InletQuery, Outlet } from '../context-assets.ts';
import type { DagDefinition, TaskDefinition } from '../definition.ts';
import { Fatal } from '../outcomes.ts';
import { readUse } from '../read-assets.ts';
import { KnownPlaces } from './known-places.ts';
import { assetsNamedIn } from './serialise-assets.ts';
import type { TaskHost } from './task-host.ts';
import { VersionDesk } from './version-desk.ts';

type Plain = Record<string, unknown>;

const EVENTS_DEFAULT = 100;

export class AssetDesk {
  /** Null for a callback, which has neither outlets nor inlets. */
  readonly #task: TaskDefinition | null;
  readonly #host: TaskHost;
  readonly #emissions: AssetEmission[] = [];
  readonly #outlets = new Map<string, Outlet>();
  /** What writers report, and what they ask before they publish. */
  readonly versions: VersionDesk;

  constructor(dag: DagDefinition, task: TaskDefinition | null, host: TaskHost, scratchFolder: string) {
    this.#task = task;
    this.#host = host;
    const places = new KnownPlaces(assetsNamedIn(dag), scratchFolder);
    const isTraced = task !== null && [...dag.tasks.values()].some((one) => one.settings.outlets.length > 0);
    const trace = isTraced ? { name: `${FRAME}${dag.id}/${task.id}`, taskId: task.id } : null;
    this.versions = new VersionDesk(task?.settings.outlets ?? [], { host, places, trace });
  }

  emit(of: Asset | AssetRef, options: EmitOptions = {}): void {
    const use = this.#require('outlets', of);
    if ('alias' in use) throw new Fatal(`ctx.emit needs an asset; for an alias use ctx.outlets.get(alias).add(asset(…)).`);
    this.#push({ ...use.asset }, options);
  }

  outlet(of: AssetLike): Outlet {
    const use = this.#require('outlets', of);
    const key = keyOf(use);
    let outlet = this.#outlets.get(key);
    if (!outlet) {
      outlet = {
        extra: {},
        describe: (version) => this.versions.describe(use, version),
        add: (found, options = {}) => {
          if (!('alias' in use)) throw new Fatal('add(asset) is for aliases; for an asset set extra, or use ctx.emit.');
          if ((found as Partial<Asset> | null)?.kind !== 'asset') throw new Fatal('add(…) needs an asset made with asset(…).');
          this.#push({ name: found.name, uri: found.uri, group: found.group, alias: use.alias }, options);
        },
      };
      this.#outlets.set(key, outlet);
    }
    return outlet;
  }

  async inletEvents(of: AssetLike, query: InletQuery = {}): Promise<readonly AssetEvent[]> {
    const use = this.#require('inlets', of);
    const asked: AssetEventQuery = {
      of: use,
      limit: query.limit ?? EVENTS_DEFAULT,
      ascending: query.ascending ?? false,
      ...(query.after !== undefined && { after: instantText('after', query.after) }),
      ...(query.before !== undefined && { before: instantText('before', query.before) }),
      ...(query.partitionKey !== undefined && { partitionKey: query.partitionKey }),
      ...(query.extra !== undefined && { extra: query.extra as Plain }),
    };
    const found = (await this.#host.request({ what: 'asset_events', query: asked })) as readonly AssetEventRecord[];
    return found.map(eventOf);
  }

  /** All that was said, the extras of outlets last, with what was written. Rejects when it may not be published. */
  async emissions(): Promise<readonly AssetEmission[]> {
    const extras = [...this.#outlets].flatMap(([key, outlet]): AssetEmission[] => {
      const use = JSON.parse(key) as AssetUse;
      if (Object.keys(outlet.extra).length === 0) return [];
      if ('alias' in use)
        throw new Fatal(`The alias "${use.alias}" has no extra of its own. Give it with the asset: add(asset, { extra }).`);
      return [{ ...use.asset, extra: plain(outlet.extra) }];
    });
    return this.versions.complete([...this.#emissions, ...extras]);
  }

  #push(about: Omit<AssetEmission, 'extra' | 'partitionKey'>, { extra = {}, partitionKey, version }: EmitOptions): void {
    if (this.#emissions.length >= ASSET_LIMITS.emissionsPerTask)
      throw new Fatal(`A task may make at most ${ASSET_LIMITS.emissionsPerTask} events of assets.`);
    if (partitionKey !== undefined && (typeof partitionKey !== 'string' || partitionKey === ''))
      throw new Fatal('partitionKey must be text, not empty.');
    const facts = parseFacts(version);
    this.#emissions.push({
      ...about,
      extra: plain(extra),
      ...(partitionKey !== undefined && { partitionKey }),
      ...(facts !== null && { version: facts }),
    });
  }

  #require(option: 'outlets' | 'inlets', of: AssetLike): AssetUse {
    const use = readUse('An asset of a task', of);
    const declared = (this.#task?.settings[option] ?? []).map((like) => readUse(option, like));
    const match = declared.find((one) => keyOf(one) === keyOf(use));
    if (match) return match;
    const name = 'alias' in use ? use.alias : nameOf(use.asset);
    throw new Fatal(
      `${JSON.stringify(name)} is none of the ${option} of ${this.#task === null ? 'a callback' : `"${this.#task.id}"`}. Declare it: { ${option}: [ … ] }.`,
    );
  }
}

function keyOf(use: AssetUse): string {
  return JSON.stringify(
    'alias' in use
      ? use
      : {
          asset: {
            ...(use.asset.name !== undefined && { name: use.asset.name }),
            ...(use.asset.uri !== undefined && { uri: use.asset.uri }),
          },
        },
  );
}

function plain(extra: unknown): Plain {
  const text = JSON.stringify(extra);
  const value: unknown = text === undefined ? undefined : JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Fatal('The extra of an asset event must be an object of plain JSON.');
  // As JSON.stringify writes what Postgres cannot store.
  if (/\\u(?:0000|d[89a-f][0-9a-f]{2})/.test(text))
    throw new Fatal(
      'The extra of an asset event holds the character U+0000 or half of a surrogate pair. Encode binary data, for example as base64.',
    );
  if (Buffer.byteLength(text) > ASSET_LIMITS.extraBytes)
    throw new Fatal(`The extra of an asset event has more than ${ASSET_LIMITS.extraBytes / 1024} KiB. Store it elsewhere and say where.`);
  return value as Plain;
}

function instantText(name: string, value: Date | string): string {
  const ms = value instanceof Date ? value.getTime() : Date.parse(value);
  if (Number.isNaN(ms)) throw new Fatal(`${name} of inletEvents must be a date.`);
  return new Date(ms).toISOString();
}

function eventOf({ id, name, uri, extra, partitionKey, timestamp, source }: AssetEventRecord): AssetEvent {
  return { id, asset: { name, uri }, extra, partitionKey, timestamp: new Date(timestamp), source };
}

/** The events that made the run, by the name of their asset; oldest first. */
export function triggeringEventsOf(attempt: AttemptContext): Readonly<Record<string, readonly AssetEvent[]>> {
  const byAsset = new Map<string, AssetEvent[]>();
  for (const event of attempt.triggeringAssetEvents ?? []) {
    const list = byAsset.get(event.name);
    if (list) list.push(eventOf(event));
    else byAsset.set(event.name, [eventOf(event)]);
  }
  return Object.fromEntries(byAsset);
}
