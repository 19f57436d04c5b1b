/** What people look for in the catalogue, as filters of `listAssets`. */
import type { Filter } from '../../list-query.ts';

export interface CatalogueQuery {
  /** A part of the name, URI, group, description, owner, a tag or a column. */
  readonly search?: string | undefined;
  readonly column?: string | undefined;
  readonly tag?: string | undefined;
  readonly owner?: string | undefined;
}

export function catalogueFilters({ search, column, tag, owner }: CatalogueQuery): readonly Filter[] {
  const text = search?.trim();
  return [
    ...(text ? [{ field: 'search', operator: 'like' as const, value: [`%${text.replace(/[\\%_]/g, '\\$&')}%`] }] : []),
    ...(column ? [{ field: 'columns', operator: 'has_any' as const, value: [column] }] : []),
    ...(tag ? [{ field: 'tags', operator: 'has_any' as const, value: [tag] }] : []),
    ...(owner ? [{ field: 'owner', operator: 'eq' as const, value: owner }] : []),
  ];
}
