/** DuckDB as a reader that is not ours. */
import { DuckDBInstance } from '@duckdb/node-api';

/** Rows of one statement, in a database of its own: `duck("select * from '/tmp/x.parquet'")`. */
export async function duck(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' });
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson() as unknown[][];
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
