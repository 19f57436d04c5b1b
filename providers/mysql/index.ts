/** `windlass/providers/mysql`: MySQL and MariaDB. */
export { connectMysql, Mysql, type MysqlConnection, openMysql } from './connect.ts';
export type { LoadOptions, LoadResult } from './load-table.ts';
