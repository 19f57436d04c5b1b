/** What a DAG is warned of, in words: Airflow's where Airflow has them. */
import type { DagWarningRow } from '#platform/db/queries/api/list-dag-warnings.ts';

const WARNING_WORDS: Readonly<Record<DagWarningRow['warning_type'], (row: DagWarningRow) => string>> = {
  'asset conflict': ({ dag_id, names }) =>
    `Dag '${dag_id}' names assets whose name or URI another asset has already: ${names.join(', ')}. They are not active.`,
  'non-existent pool': ({ dag_id, names }) => `Dag '${dag_id}' references non-existent pools: ${JSON.stringify(names)}`,
  'pool too small': ({ dag_id, names }) =>
    `Tasks of Dag '${dag_id}' need more slots than their pool has: ${names.join(', ')}. They never start.`,
  'unstable dag': ({ names }) => names.join(' '),
};

export function warningWords(row: DagWarningRow): string {
  return WARNING_WORDS[row.warning_type](row);
}
