import { SPEC_LIMITS } from '../dag-spec.ts';

/** "the list to map over has 5000 elements; at most 1024 are allowed. Map over batches, or raise WINDLASS_MAX_MAP_LENGTH" */
export function tooLongMessage(what: string, length: number, max: number): string {
  const way = max >= SPEC_LIMITS.mappedInstances ? 'Map over batches' : 'Map over batches, or raise WINDLASS_MAX_MAP_LENGTH';
  return `${what} has ${Number.isFinite(length) ? length : 'endlessly many'} elements; at most ${max} are allowed. ${way}`;
}
