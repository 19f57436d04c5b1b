/** How a cluster is made roomy: the limits that a scenario does not measure, out of the way. */
import type { Cluster } from './cluster.ts';

/** Settings of every process: `parallelism` and the map limit above what a scenario asks for. */
export const ROOMY: Readonly<Record<string, string>> = { WINDLASS_PARALLELISM: '100000' };

/** The default pool without a limit. */
export async function widenPool(cluster: Cluster): Promise<void> {
  await cluster.query("update pool set slots = -1 where name = 'default_pool'");
}
