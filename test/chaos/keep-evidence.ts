/** What is kept of a red run: the rows of every table, the faults, what is broken; logs and ledger lie beside them already. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Broken } from './checks/check.ts';
import type { Cluster } from './cluster.ts';

/** One file a table, one JSON object a line. */
export async function keepEvidence(cluster: Cluster, faults: readonly string[], broken: readonly Broken[]): Promise<void> {
  const folder = join(cluster.folder, 'tables');
  mkdirSync(folder, { recursive: true });
  const tables = await cluster.sql<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public' and tablename <> 'dag_bundle'`,
  );
  for (const { name } of tables) {
    const rows = await cluster.sql<{ row: unknown }>(`select to_jsonb(t) as row from "${name}" t`);
    if (rows.length > 0) writeFileSync(join(folder, `${name}.jsonl`), rows.map(({ row }) => `${JSON.stringify(row)}\n`).join(''));
  }
  writeFileSync(join(cluster.folder, 'faults.txt'), `${faults.join('\n')}\n`);
  writeFileSync(join(cluster.folder, 'broken.json'), JSON.stringify(broken, null, 2));
}
