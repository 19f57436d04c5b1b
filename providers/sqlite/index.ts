/** `windlass/providers/sqlite`: SQLite files. */
export { connectSqlite, type LoadOptions, type LoadResult, openSqlite, Sqlite, type SqliteConnection } from './sqlite.ts';
