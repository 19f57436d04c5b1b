/** What a plan of Postgres does with each table, for texts that are kept beside a test. */
import type { Database } from '#platform/db/client.ts';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Operation?: string;
  readonly Plans?: readonly Plan[];
}

/** How a plan reaches each table, once each, in the order of their names. Without values it is the plan that fits any. */
export async function planPaths(db: Database, text: string, values?: readonly unknown[]): Promise<readonly string[]> {
  const { rows } = await db.pool.query<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
    `explain (${values === undefined ? 'generic_plan, ' : ''}costs off, format json) ${text}`,
    [...(values ?? [])],
  );
  const found = new Set<string>();
  const look = (plan: Plan) => {
    const table = plan['Relation Name'];
    if (plan['Node Type'] === 'ModifyTable') found.add(`${(plan.Operation ?? '').toLowerCase()} ${table}`);
    // The index of a bitmap is named by the node below.
    else if (plan['Index Name'] !== undefined)
      found.add(`${table ?? 'bitmap'} by ${plan['Index Name']}${plan['Index Cond'] === undefined ? ', all of it' : ''}`);
    else if (table !== undefined && plan['Node Type'] !== 'Bitmap Heap Scan') found.add(`${table} by ${plan['Node Type']}`);
    for (const below of plan.Plans ?? []) look(below);
  };
  for (const { Plan: top } of rows[0]?.['QUERY PLAN'] ?? []) look(top);
  return [...found].sort();
}
