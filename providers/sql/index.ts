/** `windlass/providers/sql`: SQL statements as tasks. */
export { type SqlInput, type SqlResult, type SqlStatement, sql } from './sql.ts';
