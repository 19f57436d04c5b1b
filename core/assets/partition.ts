/** Partition keys: how the key of an event becomes the key of a run. A key that a mapper does not know maps to nothing. */
import { toWall } from '../timetable/wall-clock.ts';
import type { AssetKey } from './asset-spec.ts';

export const PERIODS = ['hour', 'day', 'week', 'month', 'quarter', 'year'] as const;
export type Period = (typeof PERIODS)[number];

export type PartitionMapper =
  | { readonly kind: 'identity' }
  | { readonly kind: 'allowed'; readonly keys: readonly string[] }
  /** The start of the period in which the key's time lies. `timezone` reads keys that carry an offset; others are wall time. */
  | { readonly kind: 'start_of'; readonly period: Period; readonly timezone: string }
  | { readonly kind: 'chain'; readonly mappers: readonly PartitionMapper[] }
  /** Each part of a composed key by its own mapper. */
  | { readonly kind: 'product'; readonly mappers: readonly PartitionMapper[]; readonly delimiter: string };

export interface PartitionSchedule {
  readonly mapper: PartitionMapper;
  /** Assets whose keys are mapped otherwise. */
  readonly byAsset?: readonly { readonly asset: AssetKey; readonly mapper: PartitionMapper }[];
}

export function mapperFor(partition: PartitionSchedule, asset: { readonly name: string; readonly uri: string }): PartitionMapper {
  const own = partition.byAsset?.find(
    ({ asset: key }) => (key.name === undefined || key.name === asset.name) && (key.uri === undefined || key.uri === asset.uri),
  );
  return own?.mapper ?? partition.mapper;
}

/** Returns the mapped key, or null when the mapper has none for it. */
export function mapKey(mapper: PartitionMapper, key: string): string | null {
  switch (mapper.kind) {
    case 'identity':
      return key;
    case 'allowed':
      return mapper.keys.includes(key) ? key : null;
    case 'start_of': {
      const wall = wallOf(key, mapper.timezone);
      return wall === null ? null : writeStart(mapper.period, wall);
    }
    case 'chain':
      return mapper.mappers.reduce<string | null>((mapped, inner) => (mapped === null ? null : mapKey(inner, mapped)), key);
    case 'product': {
      const parts = key.split(mapper.delimiter);
      if (parts.length !== mapper.mappers.length) return null;
      const mapped = mapper.mappers.map((inner, index) => mapKey(inner, parts[index] as string));
      return mapped.includes(null) ? null : mapped.join(mapper.delimiter);
    }
  }
}

const KEY = /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?$/;
const QUARTER = /^(\d{4})-Q([1-4])$/;
const WEEK = /^(\d{4}-\d\d-\d\d) \(W\d\d\)$/;

/** The wall time a key names, as if it were UTC (ms); null when it names none. */
export function wallOf(key: string, timezone: string): number | null {
  const quarter = QUARTER.exec(key);
  if (quarter) return Date.UTC(Number(quarter[1]), (Number(quarter[2]) - 1) * 3, 1);
  const match = KEY.exec(WEEK.exec(key)?.[1] ?? key);
  if (!match) return null;
  const [, year, month = '01', day = '01', hour = '00', minute = '00', second = '00', offset] = match;
  const text = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const wall = Date.parse(`${text}Z`);
  // Date.parse turns over what does not exist ("2026-02-30"): such a key names no time.
  if (Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 19) !== text) return null;
  if (offset === undefined) return wall;
  const instant = Date.parse(text + (offset === 'Z' ? 'Z' : offset.replace(/(\d\d):?(\d\d)$/, '$1:$2')));
  return toWall(instant, timezone);
}

function writeStart(period: Period, wall: number): string {
  const at = new Date(wall);
  const iso = at.toISOString();
  switch (period) {
    case 'hour':
      return iso.slice(0, 13);
    case 'day':
      return iso.slice(0, 10);
    case 'week': {
      const monday = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate() - ((at.getUTCDay() + 6) % 7)));
      return `${monday.toISOString().slice(0, 10)} (W${String(isoWeekOf(monday)).padStart(2, '0')})`;
    }
    case 'month':
      return iso.slice(0, 7);
    case 'quarter':
      return `${iso.slice(0, 4)}-Q${Math.floor(at.getUTCMonth() / 3) + 1}`;
    case 'year':
      return iso.slice(0, 4);
  }
}

/** The number of the week that begins on this Monday: its Thursday decides the year. */
function isoWeekOf(monday: Date): number {
  const thursday = Date.UTC(monday.getUTCFullYear(), monday.getUTCMonth(), monday.getUTCDate() + 3);
  const firstDay = Date.UTC(new Date(thursday).getUTCFullYear(), 0, 1);
  return Math.floor((thursday - firstDay) / (7 * 86_400_000)) + 1;
}

const FORMATS: Readonly<Record<string, (iso: string) => string>> = {
  Y: (iso) => iso.slice(0, 4),
  m: (iso) => iso.slice(5, 7),
  d: (iso) => iso.slice(8, 10),
  H: (iso) => iso.slice(11, 13),
  M: (iso) => iso.slice(14, 16),
  S: (iso) => iso.slice(17, 19),
  '%': () => '%',
};

export const DEFAULT_KEY_FORMAT = '%Y-%m-%dT%H:%M:%S';

/** Whether every %-letter of the format is one of those a key may have. */
export function isKeyFormat(format: string): boolean {
  return format !== '' && [...format.matchAll(/%(.?)/g)].every(([, letter]) => Object.hasOwn(FORMATS, letter as string));
}

/** The key of a tick: its wall time in the schedule's zone. */
export function keyOfTick(instantMs: number, timezone: string, format: string): string {
  const iso = new Date(toWall(instantMs, timezone)).toISOString();
  return format.replace(/%(.)/g, (whole, letter: string) => FORMATS[letter]?.(iso) ?? whole);
}
