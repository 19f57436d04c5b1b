/** Loads a bundle and finds its DAGs, under whatever name or in whatever list they are exported. */
import { pathToFileURL } from 'node:url';
import { brandOf, DAG } from '#sdk/brands.ts';
import type { DagDefinition } from '#sdk/definition.ts';

const DEPTH_MAX = 2;

/** Rejects with what the module threw. */
export async function loadDags(bundleFile: string): Promise<ReadonlyMap<string, DagDefinition>> {
  const module = (await import(pathToFileURL(bundleFile).href)) as Record<string, unknown>;
  const found = new Map<string, DagDefinition>();
  for (const exported of Object.values(module)) collect(exported, found, 0);
  return found;
}

function collect(value: unknown, found: Map<string, DagDefinition>, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (brandOf(value, DAG) !== undefined) {
    const definition = value as DagDefinition;
    found.set(definition.id, definition);
    return;
  }
  const isContainer = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  if (depth < DEPTH_MAX && isContainer) for (const inner of Object.values(value)) collect(inner, found, depth + 1);
}
