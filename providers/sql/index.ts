/** `windlass/providers/sql`: SQL statements as tasks. */
export { type SqlInput, type SqlResult, type SqlStatement, sql } from './sql.ts';
export { type SqlBlockInput, type SqlBlockOptions, type SqlChange, sqlExporter, sqlLoader, sqlTransformer } from './sql-block.ts';
