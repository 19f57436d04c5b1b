/** Loads a bundle and finds its DAGs, under whatever name or in whatever list they are exported. */
import { pathToFileURL } from 'node:url';
import type { DagDefinition } from '#sdk/definition.ts';
import { findDags } from '#sdk/runtime/find-dags.ts';

/** Rejects with what the module threw. */
export async function loadDags(bundleFile: string): Promise<ReadonlyMap<string, DagDefinition>> {
  return findDags((await import(pathToFileURL(bundleFile).href)) as object);
}
