/** `windlass/providers/duckdb`: SQL over frames and files, inside a task. */
export { connectDuckdb, Duckdb, type DuckdbOptions, openDuckdb, type SqlValue } from './duckdb.ts';
export { type DuckdbSqlInput, duckdbSql } from './duckdb-task.ts';
