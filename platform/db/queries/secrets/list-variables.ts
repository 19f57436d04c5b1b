/** Pages through variables, values still sealed. Called by the API. */
import type { Queryable } from '../../client.ts';
import { type ListPage, type ListRequest, type ListSource, readList } from '../../list-query.ts';
import type { VariableRow } from './find-variable.ts';

const SOURCE: ListSource = {
  name: 'list_variables',
  select: 'key, value, description',
  from: 'variable',
  fields: { key: 'key', description: 'description' },
  tieBreak: 'key',
};

export function listVariables(db: Queryable, request: ListRequest): Promise<ListPage<VariableRow>> {
  return readList(db, SOURCE, request);
}
