/**
 * Query strings of the list routes, as data: each list names its filters and its sortable fields, and gets a
 * schema that turns `?state=failed&run_after_gte=…&order_by=-start_date&limit=10` into a ListRequest.
 * Conventions are Airflow's: limit 50 by default and 100 at most (0 = default), `-field` = descending,
 * `*_pattern` = SQL LIKE without case, several alternatives with "|", `~` = all.
 */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import type { Filter, ListRequest } from '#platform/db/list-query.ts';

const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 100;

/** One query parameter: how it is read, and which conditions it means. */
export interface QueryFilter {
  readonly schema: z.ZodType;
  readonly toFilters: (value: unknown) => readonly Filter[];
}

export type QueryFilters = Readonly<Record<string, QueryFilter>>;

export interface Ordering {
  /** Name in the API -> field of the list's source. */
  readonly fields: Readonly<Record<string, string>>;
  /** "-" for descending. */
  readonly default: readonly string[];
}

const textList = z.union([z.string().max(1000), z.array(z.string().max(1000).nullable()).max(1000)]).transform((value) => [value].flat());
const flagText = z
  .union([z.boolean(), z.enum(['true', 'false', 'True', 'False', '1', '0'])])
  .transform((value) => /^(true|1)$/i.test(String(value)));

/** ISO-8601; without an offset it is taken as UTC. */
export const instant = z
  .string()
  .max(64)
  .transform((text, context) => {
    const hasOffset = /(Z|[+-]\d{2}:?\d{2})$/i.test(text);
    const hasTime = /\d[T ]\d/.test(text);
    const date = new Date(hasOffset || !hasTime ? text : `${text}Z`);
    if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(date.getTime())) return date;
    context.addIssue({ code: 'custom', message: 'Input should be a valid datetime, for example 2026-11-23T06:00:00Z' });
    return z.NEVER;
  });

export const integer = z.union([z.number().int(), z.string().regex(/^-?\d{1,9}$/, 'Input should be a valid integer')]).transform(Number);

/** Several values of a field, any of which fits. */
export function anyOf(field: string): QueryFilter {
  return { schema: textList, toFilters: (value) => [{ field, operator: 'any', value }] };
}

/** Several states; "none" and null are the state `none`. */
export function anyState(field: string, states: readonly string[]): QueryFilter {
  const schema = textList
    .transform((values) => values.map((value) => (value === null || value === 'null' || value === 'no_status' ? 'none' : value)))
    .refine((values) => values.every((value) => states.includes(value)), `Invalid value for state. Valid values are ${states.join(', ')}`);
  return { schema, toFilters: (value) => [{ field, operator: 'any', value }] };
}

export function noneOf(field: string): QueryFilter {
  return { schema: textList, toFilters: (value) => [{ field, operator: 'none_of', value }] };
}

export function exactly(field: string): QueryFilter {
  return { schema: z.string().max(1000), toFilters: (value) => (value === '~' ? [] : [{ field, operator: 'eq', value }]) };
}

export function anyInteger(field: string): QueryFilter {
  const schema = z.union([integer, z.array(integer).max(1000)]).transform((value) => [value].flat());
  return { schema, toFilters: (value) => [{ field, operator: 'any', value }] };
}

export function pattern(field: string): QueryFilter {
  const toFilters = (value: unknown): Filter[] => {
    const alternatives = String(value)
      .split('|')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map(closeEscape);
    return value === '~' || alternatives.length === 0 ? [] : [{ field, operator: 'like', value: alternatives }];
  };
  return { schema: z.string().max(1000), toFilters };
}

/** A lone backslash at the end of a LIKE pattern is an error in SQL: it means itself here. */
function closeEscape(text: string): string {
  const trailing = /\\*$/.exec(text)?.[0].length ?? 0;
  return trailing % 2 === 1 ? `${text}\\` : text;
}

export function contains(field: string): QueryFilter {
  return { schema: z.string().max(1000), toFilters: (value) => [{ field, operator: 'contains', value }] };
}

export function flag(field: string): QueryFilter {
  return { schema: flagText, toFilters: (value) => [{ field, operator: 'eq', value }] };
}

/** A flag that hides rows with the field set unless it is given as false. */
export function hidesByDefault(field: string): QueryFilter {
  return { schema: flagText.default(true), toFilters: (value) => (value ? [{ field, operator: 'eq', value: false }] : []) };
}

/** Accepted and without meaning here, because nothing in Windlass varies by it. */
export const ignored: QueryFilter = { schema: z.unknown(), toFilters: () => [] };

/** `<name>_gte`, `_gt`, `_lte`, `_lt` of an instant. */
export function instantRange(name: string, field = name): QueryFilters {
  return range(name, field, instant);
}

/** The same for a number. */
export function numberRange(name: string, field = name): QueryFilters {
  return range(
    name,
    field,
    z.union([z.number(), z.string().regex(/^-?\d{1,12}(\.\d{1,9})?$/, 'Input should be a valid number')]).transform(Number),
  );
}

function range(name: string, field: string, schema: z.ZodType): QueryFilters {
  const operators = ['gte', 'gt', 'lte', 'lt'] as const;
  return Object.fromEntries(
    operators.map((operator) => [`${name}_${operator}`, { schema, toFilters: (value: unknown): Filter[] => [{ field, operator, value }] }]),
  );
}

/** The schema of a list's query string. Unknown parameters are ignored, as in Airflow. */
export function listQuery(filters: QueryFilters, ordering: Ordering): z.ZodType<ListRequest> {
  const shape: Record<string, z.ZodType> = {
    limit: nonNegative.default(DEFAULT_LIMIT),
    offset: nonNegative.default(0),
    order_by: textList.optional(),
  };
  for (const [name, filter] of Object.entries(filters)) shape[name] = filter.schema.optional();
  return z
    .object(shape)
    .transform((given) =>
      toRequest(given, filters, ordering, { limit: given['limit'], offset: given['offset'] }),
    ) as unknown as z.ZodType<ListRequest>;
}

/** The body of the POST …/list forms: the same conditions, as JSON, with `page_limit` and `page_offset`. */
export function listBody(filters: QueryFilters, ordering: Ordering): z.ZodType<ListRequest> {
  const shape: Record<string, z.ZodType> = {
    page_limit: z.number().int().min(0).default(MAX_LIMIT),
    page_offset: z.number().int().min(0).default(0),
    order_by: z.union([z.string(), z.array(z.string())]).nullish(),
  };
  for (const [name, filter] of Object.entries(filters)) shape[name] = filter.schema.nullish();
  return z
    .strictObject(shape)
    .transform((given) =>
      toRequest(given, filters, ordering, { limit: given['page_limit'], offset: given['page_offset'] }),
    ) as unknown as z.ZodType<ListRequest>;
}

const nonNegative = integer.refine((value) => value >= 0, 'Input should be greater than or equal to 0');

function toRequest(
  given: Readonly<Record<string, unknown>>,
  filters: QueryFilters,
  ordering: Ordering,
  page: { readonly limit: unknown; readonly offset: unknown },
): ListRequest {
  const orderBy =
    given['order_by'] === undefined || given['order_by'] === null ? ordering.default : ([given['order_by']].flat() as string[]);
  return {
    filters: Object.entries(filters).flatMap(([name, filter]) =>
      given[name] === undefined || given[name] === null ? [] : filter.toFilters(given[name]),
    ),
    orderBy: orderBy.map((text) => parseOrder(text, ordering)),
    limit: Math.min(Number(page.limit) === 0 ? DEFAULT_LIMIT : Number(page.limit), MAX_LIMIT),
    offset: Number(page.offset),
  };
}

function parseOrder(text: string, ordering: Ordering): ListRequest['orderBy'][number] {
  const name = text.replace(/^-/, '');
  const field = Object.hasOwn(ordering.fields, name) ? ordering.fields[name] : undefined;
  if (field === undefined)
    throw new AppError(
      'BAD_REQUEST',
      `Ordering with '${name}' is disallowed or the attribute does not exist on the model. Use one of: ${Object.keys(ordering.fields).join(', ')}.`,
    );
  return { field, descending: text.startsWith('-') };
}
