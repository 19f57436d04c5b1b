/** `update_mask`: which fields of a PATCH body count. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';

export const updateMaskQuery = z.object({ update_mask: z.union([z.string(), z.array(z.string())]).optional() });

/** The fields named by the mask, else those that the body has. Throws BAD_REQUEST on a name that is not allowed. */
export function maskedFields(mask: string | readonly string[] | undefined, body: object, allowed: readonly string[]): ReadonlySet<string> {
  if (mask === undefined) return new Set(allowed.filter((name) => name in body));
  const names = [mask].flat();
  const unknown = names.find((name) => !allowed.includes(name));
  if (unknown !== undefined)
    throw new AppError('BAD_REQUEST', `'${unknown}' is not a field that can be updated here. Use ${allowed.join(', ')} in update_mask.`);
  return new Set(names);
}
