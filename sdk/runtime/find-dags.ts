/** Finds the DAGs of an imported file: exported under any name, in a list or a record, or served in a Bundle. */
import { brandOf, DAG, DAG_SOURCE, SERVED_DAGS } from '../brands.ts';
import type { DagDefinition } from '../definition.ts';

const DEPTH_MAX = 2;
/** What a module served while it was imported: it is imported once, however often it is asked for. */
const servedBy = new WeakMap<object, readonly unknown[]>();

/** In the order of the exports. Throws when two of them have one id, or one cannot be finished. */
export function findDags(module: object): ReadonlyMap<string, DagDefinition> {
  const served = servedBy.get(module) ?? takeServed();
  servedBy.set(module, served);
  const found = new Map<string, DagDefinition>();
  for (const value of [...Object.values(module), ...served]) collect(value, found, 0);
  return found;
}

function takeServed(): readonly unknown[] {
  const place = globalThis as Record<symbol, unknown>;
  const served = place[SERVED_DAGS];
  delete place[SERVED_DAGS];
  return served instanceof Set ? [...served] : [];
}

function collect(value: unknown, found: Map<string, DagDefinition>, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  const definition = definitionOf(value);
  if (definition !== null) {
    const known = found.get(definition.id);
    if (known !== undefined && known !== definition)
      throw new Error(`Two DAGs of this file have the id "${definition.id}". Ids must be unique.`);
    found.set(definition.id, definition);
    return;
  }
  if (depth < DEPTH_MAX && (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype))
    for (const inner of Object.values(value)) collect(inner, found, depth + 1);
}

function definitionOf(value: object): DagDefinition | null {
  if (brandOf(value, DAG) !== undefined) return value as DagDefinition;
  const finish = brandOf(value, DAG_SOURCE);
  return typeof finish === 'function' ? (finish as () => DagDefinition)() : null;
}
