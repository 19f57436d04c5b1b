/** The DAGs of Bundles: a file of Airflow's SDK need not export them. Every bundle carries its own copy of this module. */
import { SERVED_DAGS } from '../brands.ts';

export function serveDag(dag: object): void {
  const place = globalThis as Record<symbol, unknown>;
  const served = place[SERVED_DAGS];
  if (served instanceof Set) served.add(dag);
  else place[SERVED_DAGS] = new Set([dag]);
}
