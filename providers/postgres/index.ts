/** `windlass/providers/postgres`: connections to Postgres, and frames into tables. */
export {
  type ConnectionSource,
  type ConnectOptions,
  connectPostgres,
  openPostgres,
  type Postgres,
  type PostgresConnection,
} from './connect.ts';
export { encodeCopy } from './encode-copy.ts';
export { quoteName, quoteTable, type TableName } from './identifiers.ts';
export { createTable, createTableSql, type IfExists, type LoadOptions, type LoadResult, loadTable } from './load-table.ts';
