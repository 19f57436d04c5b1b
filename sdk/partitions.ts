/** How the partition key of an event becomes that of a run: `onAssets(orders, { partition: startOf("day") })`. */
import { type PartitionMapper, type PartitionSchedule, PERIODS, type Period } from '#core/assets/partition.ts';
import { AppError } from '#core/errors.ts';
import { isTimeZone } from '#core/timetable/wall-clock.ts';
import type { Asset, AssetRef } from './assets.ts';

export type { PartitionMapper } from '#core/assets/partition.ts';

/** One mapper for all assets, or a default with others for some of them. */
export type PartitionBy =
  | PartitionMapper
  | { readonly default?: PartitionMapper; readonly byAsset: readonly (readonly [Asset | AssetRef, PartitionMapper])[] };

const refuse = (message: string): never => {
  throw new AppError('DAG_INVALID', message);
};

/** The key as it is. */
export function identity(): PartitionMapper {
  return { kind: 'identity' };
}

/** Only these keys; events with others start nothing. */
export function allowedKeys(...keys: string[]): PartitionMapper {
  if (keys.length === 0 || !keys.every((key) => typeof key === 'string' && key !== ''))
    return refuse('allowedKeys(...) needs at least one key.');
  return { kind: 'allowed', keys };
}

/** The hour, day, week, month, quarter or year in which the key's time lies. */
export function startOf(period: Period, options: { tz?: string } = {}): PartitionMapper {
  if (!PERIODS.includes(period)) return refuse(`startOf(${JSON.stringify(period)}) must be one of ${PERIODS.join(', ')}.`);
  const timezone = options.tz ?? 'UTC';
  if (!isTimeZone(timezone)) return refuse(`startOf: ${JSON.stringify(timezone)} is no time zone. Use a name like "Europe/Berlin".`);
  return { kind: 'start_of', period, timezone };
}

/** One after the other. */
export function chainMappers(...mappers: PartitionMapper[]): PartitionMapper {
  return { kind: 'chain', mappers };
}

/** A composed key ("us|2026-03-10"), each part by its own mapper. */
export function product(...mappers: PartitionMapper[]): PartitionMapper {
  if (mappers.length < 2) return refuse('product(...) needs a mapper for each part of the key, at least two.');
  return { kind: 'product', mappers, delimiter: '|' };
}

/** Throws DAG_INVALID. */
export function readPartition(where: string, by: PartitionBy): PartitionSchedule {
  if (typeof by !== 'object' || by === null) return refuse(`The partition of ${where} must be a mapper, like startOf("day").`);
  if ('kind' in by) return { mapper: checkMapper(where, by) };
  if (!Array.isArray(by.byAsset)) return refuse(`The partition of ${where} must be a mapper, like startOf("day").`);
  return {
    mapper: checkMapper(where, by.default ?? identity()),
    byAsset: by.byAsset.map(([of, mapper]) => ({
      asset: { ...(of.name !== undefined && { name: of.name }), ...(of.uri !== undefined && { uri: of.uri }) },
      mapper: checkMapper(where, mapper),
    })),
  };
}

function checkMapper(where: string, mapper: PartitionMapper): PartitionMapper {
  const kinds = ['identity', 'allowed', 'start_of', 'chain', 'product'];
  if (typeof mapper !== 'object' || mapper === null || !kinds.includes(mapper.kind))
    return refuse(`The partition of ${where} must be made with identity(), allowedKeys(…), startOf(…), chainMappers(…) or product(…).`);
  return mapper;
}
