/** Tables of Postgres as statements name them: where they are, and their columns. */
import type { Client } from 'pg';
import type { AssetColumn } from '#core/assets/asset-version.ts';
import { assetAt } from '#sdk/runtime/asset-writes.ts';
import { tableOf } from '../sql/column-lineage.ts';
import type { NamedTable } from '../sql/select-tree.ts';
import type { LookUp } from '../sql/statement-lineage.ts';
import { quoteName } from './identifiers.ts';
import { placeOf } from './load-table.ts';

export interface FoundTable {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly AssetColumn[];
}

/** Quoted, so that a strange name is not found instead of an error that ends the transaction; as it is written, or in lower case. */
export async function findTable(client: Client, { schema, table }: Pick<NamedTable, 'schema' | 'table'>): Promise<FoundTable | null> {
  const quoted = [schema, table].filter((part) => part !== null).map(quoteName);
  const { rows } = await client.query<FoundTable>(
    `select n.nspname as schema, c.relname as "table",
            (select coalesce(json_agg(json_build_object('name', attname, 'type', format_type(atttypid, atttypmod), 'nullable', not attnotnull) order by attnum), '[]')
               from pg_attribute where attrelid = c.oid and attnum > 0 and not attisdropped) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.oid = coalesce(to_regclass($1), to_regclass($2))`,
    [quoted.join('.'), quoted.join('.').toLowerCase()],
  );
  return rows[0] ?? null;
}

/** As the DAG calls the asset, else by the place: for what goes elsewhere. `asNamed`: else as the statement has it. */
export function postgresTables(client: Client, connectionId: string, { asNamed = false }: { readonly asNamed?: boolean } = {}): LookUp {
  return async (named) => {
    const found = await findTable(client, named);
    if (found === null) return null;
    const place = placeOf(client, found, connectionId);
    return tableOf(
      assetAt(place) ?? (asNamed ? named.name : place.uri),
      found.columns.map((column) => column.name),
    );
  };
}
