/** Types and values between BigQuery's API and DuckDB. */
import { type DuckDBType, DuckDBTypeId, type DuckDBValue } from '@duckdb/node-api';
import { GoogleError } from '../http-server.ts';

export interface SchemaField {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
}

const DUCKDB_TYPES: Readonly<Record<string, string>> = {
  STRING: 'VARCHAR',
  BYTES: 'BLOB',
  INTEGER: 'BIGINT',
  INT64: 'BIGINT',
  FLOAT: 'DOUBLE',
  FLOAT64: 'DOUBLE',
  NUMERIC: 'DECIMAL(38, 9)',
  BOOLEAN: 'BOOLEAN',
  BOOL: 'BOOLEAN',
  DATE: 'DATE',
  DATETIME: 'TIMESTAMP',
  TIMESTAMP: 'TIMESTAMPTZ',
  TIME: 'TIME',
  JSON: 'JSON',
};

/** Throws 400 for a type that is not known here. */
export function duckdbType(type: string): string {
  const found = DUCKDB_TYPES[type.toUpperCase()];
  if (found === undefined) throw new GoogleError(400, 'invalid', `The emulator does not know the type ${type}.`);
  return found;
}

const BIGQUERY_TYPES: Partial<Record<DuckDBTypeId, string>> = {
  [DuckDBTypeId.BOOLEAN]: 'BOOLEAN',
  [DuckDBTypeId.TINYINT]: 'INTEGER',
  [DuckDBTypeId.SMALLINT]: 'INTEGER',
  [DuckDBTypeId.INTEGER]: 'INTEGER',
  [DuckDBTypeId.BIGINT]: 'INTEGER',
  [DuckDBTypeId.HUGEINT]: 'INTEGER',
  [DuckDBTypeId.UTINYINT]: 'INTEGER',
  [DuckDBTypeId.USMALLINT]: 'INTEGER',
  [DuckDBTypeId.UINTEGER]: 'INTEGER',
  [DuckDBTypeId.FLOAT]: 'FLOAT',
  [DuckDBTypeId.DOUBLE]: 'FLOAT',
  [DuckDBTypeId.DECIMAL]: 'NUMERIC',
  [DuckDBTypeId.DATE]: 'DATE',
  [DuckDBTypeId.TIMESTAMP]: 'DATETIME',
  [DuckDBTypeId.TIMESTAMP_S]: 'DATETIME',
  [DuckDBTypeId.TIMESTAMP_MS]: 'DATETIME',
  [DuckDBTypeId.TIMESTAMP_NS]: 'DATETIME',
  [DuckDBTypeId.TIMESTAMP_TZ]: 'TIMESTAMP',
  [DuckDBTypeId.TIME]: 'TIME',
  [DuckDBTypeId.BLOB]: 'BYTES',
};

export function bigqueryField(name: string, type: DuckDBType): SchemaField {
  return { name, type: BIGQUERY_TYPES[type.typeId] ?? 'STRING', mode: 'NULLABLE' };
}

/** A value as the API spells it: everything is text. */
export function apiValue(value: DuckDBValue, type: string): string | null {
  if (value === null) return null;
  switch (type) {
    case 'TIMESTAMP':
      return String((value as { micros?: bigint }).micros ?? value);
    case 'DATETIME':
      return String(value).replace(' ', 'T');
    default:
      return String(value);
  }
}
