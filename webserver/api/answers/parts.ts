/**
 * What answers are made of. These schemas describe: a test checks every answer of every test against them, strictly, so that
 * one cannot forget a field. They serialise nothing, so a list costs what it did, and no field can get lost on the way.
 */
import { z } from 'zod';

export const instant = z.string().meta({ format: 'date-time' });
export const text = z.string();
export const count = z.int();
export const json = z.unknown();
export const nothing = z.null();
export const fields = z.record(z.string(), z.unknown());

/** A list as all lists are answered: one page, and how many there are in all. */
export function pageOf<Item extends z.ZodType>(name: string, item: Item) {
  return z.strictObject({ [name]: z.array(item), total_entries: count });
}
