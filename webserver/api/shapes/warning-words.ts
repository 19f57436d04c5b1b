/** What a DAG is warned of, in words. */
import type { DagWarningRow } from '#platform/db/queries/api/list-dag-warnings.ts';

const WARNING_WORDS: Readonly<Record<DagWarningRow['warning_type'], (row: DagWarningRow) => string>> = {
  'asset conflict': ({ dag_id, names }) =>
    `DAG "${dag_id}" names assets whose name or URI another asset has already: ${names.join(', ')}. They are not active.`,
  'non-existent pool': ({ dag_id, names }) =>
    `DAG "${dag_id}" uses pools that do not exist: ${names.join(', ')}. Tasks in them never start.`,
  'pool too small': ({ dag_id, names }) =>
    `Tasks of DAG "${dag_id}" need more slots than their pool has: ${names.join(', ')}. They never start.`,
  'unstable dag': ({ names }) => names.join(' '),
};

export function warningWords(row: DagWarningRow): string {
  return WARNING_WORDS[row.warning_type](row);
}
