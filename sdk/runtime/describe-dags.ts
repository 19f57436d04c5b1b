/** From an imported DAG file to what the rest of Windlass knows of it: the JSON of each of its DAGs. */
import { checkTemplates } from './check-templates.ts';
import { findDags } from './find-dags.ts';
import { serialiseDag } from './serialise-dag.ts';

/** Held from the start: the file may replace what hangs on `JSON`. */
const { stringify } = JSON;

/** One JSON text a DAG. Rejects with what is wrong with one of them. */
export async function describeDags(module: object): Promise<readonly string[]> {
  const found = findDags(module);
  for (const dag of found.values()) await checkTemplates(dag);
  return [...found.values()].map((dag) => stringify(serialiseDag(dag)));
}
