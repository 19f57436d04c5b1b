/** Params in the order in which their author wrote them: Postgres keeps objects as jsonb, which has an order of its own. */
import type { DagSpec } from './dag-spec.ts';

type Schema = Readonly<Record<string, unknown>>;

/** The params' JSON Schema, its properties in the author's order. */
export function orderedParamsSchema({ paramsSchema, paramsOrder }: Pick<DagSpec, 'paramsSchema' | 'paramsOrder'>): Schema | null {
  const properties = paramsSchema?.['properties'];
  if (paramsSchema === null || paramsOrder === undefined || typeof properties !== 'object' || properties === null) return paramsSchema;
  return { ...paramsSchema, properties: inOrder(properties as Schema, paramsOrder) };
}

/** The same object, with the named keys first, in this order. */
export function inOrder(object: Schema, order: readonly string[]): Schema {
  const named = order.filter((name) => Object.hasOwn(object, name));
  const rest = Object.keys(object).filter((name) => !named.includes(name));
  return Object.fromEntries([...named, ...rest].map((name) => [name, object[name]]));
}
