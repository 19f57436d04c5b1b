/** Pages through the tags that DAGs have. Called by GET /api/v2/dagTags and the DAG list's filter. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';

const SOURCE: ListSource = {
  name: 'list_dag_tags',
  select: 't.tag',
  from: `(select distinct tag from dag d join dag_version v on v.version_id = d.version_id
           cross join lateral jsonb_array_elements_text(v.spec -> 'tags') as tags(tag) where not d.is_stale) t`,
  fields: { tag: 't.tag' },
  tieBreak: 't.tag',
};

export function listDagTags(db: Queryable, request: ListRequest): Promise<ListPage<{ readonly tag: string }>> {
  return readList(db, SOURCE, request);
}
