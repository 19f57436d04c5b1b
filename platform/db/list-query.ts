/**
 * Pages of rows for the REST lists. Only the expressions of a source's `fields` table reach the SQL text;
 * everything a caller gives is a parameter. The text varies with the filters, so it is not prepared.
 */
import { assert } from '#core/errors.ts';
import type { Queryable } from './client.ts';

export type FilterOperator = 'eq' | 'any' | 'none_of' | 'like' | 'gte' | 'gt' | 'lte' | 'lt' | 'contains' | 'has_any' | 'has_all';

/** One condition on a field of the source; conditions are joined by AND. */
export interface Filter {
  readonly field: string;
  readonly operator: FilterOperator;
  /** `any`, `none_of`, `like`, `has_any` and `has_all` (on JSON arrays of text) take a list. */
  readonly value: unknown;
}

export interface ListRequest {
  readonly filters: readonly Filter[];
  readonly orderBy: readonly { readonly field: string; readonly descending: boolean }[];
  readonly limit: number;
  readonly offset: number;
}

export interface ListSource {
  /** Shown in errors, like a statement's name. */
  readonly name: string;
  /** The select list. */
  readonly select: string;
  /** From clause with its joins. */
  readonly from: string;
  /** A fixed condition, or none. */
  readonly where?: string;
  /** What may be filtered and sorted by: field -> SQL expression. */
  readonly fields: Readonly<Record<string, string>>;
  /** Makes the order total, so that pages neither overlap nor skip. */
  readonly tieBreak: string;
}

export interface ListPage<Row> {
  readonly rows: readonly Row[];
  /** Rows that match, over all pages. */
  readonly total: number;
}

/** How a condition is written in SQL. Also for lists that are put together elsewhere. */
export const OPERATORS: Readonly<Record<FilterOperator, (expression: string, parameter: string) => string>> = {
  eq: (expression, parameter) => `${expression} = ${parameter}`,
  any: (expression, parameter) => `${expression} = any(${parameter})`,
  none_of: (expression, parameter) => `${expression} <> all(${parameter})`,
  like: (expression, parameter) => `${expression} ilike any(${parameter})`,
  gte: (expression, parameter) => `${expression} >= ${parameter}`,
  gt: (expression, parameter) => `${expression} > ${parameter}`,
  lte: (expression, parameter) => `${expression} <= ${parameter}`,
  lt: (expression, parameter) => `${expression} < ${parameter}`,
  has_any: (expression, parameter) => `${expression} ?| ${parameter}`,
  has_all: (expression, parameter) => `${expression} ?& ${parameter}`,
  contains: (expression, parameter) => `position(${parameter} in ${expression}) > 0`,
};

/** Reads one page and the total. Throws on a field the source does not list (a programmer's mistake). */
export async function readList<Row>(db: Queryable, source: ListSource, request: ListRequest): Promise<ListPage<Row>> {
  const values: unknown[] = [];
  const conditions = source.where === undefined ? [] : [`(${source.where})`];
  for (const filter of request.filters) {
    values.push(filter.value);
    conditions.push(OPERATORS[filter.operator](expressionOf(source, filter.field), `$${values.length}`));
  }
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  const order = request.orderBy.map(
    ({ field, descending }) => `${expressionOf(source, field)} ${descending ? 'desc nulls last' : 'asc nulls last'}`,
  );
  const page = `select ${source.select} from ${source.from} ${where} order by ${[...order, source.tieBreak].join(', ')}
                limit $${values.length + 1} offset $${values.length + 2}`;
  const [rows, count] = [
    await db.query<Row>({ name: source.name, text: page, unprepared: true }, [...values, request.limit, request.offset]),
    await db.query<{ total: number }>(
      { name: `${source.name}_count`, text: `select count(*)::int as total from ${source.from} ${where}`, unprepared: true },
      values,
    ),
  ];
  return { rows: rows.rows, total: count.rows[0]?.total ?? 0 };
}

function expressionOf(source: ListSource, field: string): string {
  const expression = Object.hasOwn(source.fields, field) ? source.fields[field] : undefined;
  assert(expression !== undefined, `${source.name} has no field ${field}`);
  return expression;
}
