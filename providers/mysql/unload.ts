/** Rows of a select as a frame, batch by batch, as they come over the wire. */
import type { RecordBatch } from 'apache-arrow';
import type { FieldPacket, Connection as MysqlClient } from 'mysql2/promise';
import type { AnyColumns } from '../arrow/frame.ts';
import type { CsvType } from '../csv/csv-types.ts';
import { readCsvBatches } from '../csv/read-csv.ts';

/** By the number of the type in the protocol. What is not here, decimals among them, comes as text. */
const TYPES: Readonly<Record<number, CsvType>> = {
  1: 'int64',
  2: 'int64',
  3: 'int64',
  4: 'float64',
  5: 'float64',
  7: 'timestamp',
  8: 'int64',
  9: 'int64',
  10: 'date',
  12: 'timestamp',
  13: 'int64',
};
/** A flag of the protocol: such a bigint may not fit an int64. */
const UNSIGNED = 32;
const CHUNK_CHARS = 256 * 1024;

interface Streamed {
  on(event: 'fields', run: (fields: FieldPacket[]) => void): Streamed;
  stream(options: { highWaterMark: number }): AsyncIterable<readonly (string | Buffer | null)[]> & { destroy(): void };
}

/** Throws what the server says. A reader that stops early cuts the connection: there is no other way to stop the rows. */
export async function* unloadBatches(client: MysqlClient, sql: string): AsyncGenerator<RecordBatch<AnyColumns>> {
  const types = await typesOf(client, sql);
  const statement = sql.trim().replace(/;$/, '');
  const query = (client as unknown as { connection: { query(options: object): Streamed } }).connection.query({
    sql: statement,
    rowsAsArray: true,
    // As the server spells them.
    typeCast: (field: { string(): string | null }) => field.string(),
  });
  const rows = query.stream({ highWaterMark: 1_000 });
  let isEnded = false;
  const text = async function* () {
    let lines = `${Object.keys(types).map(quoted).join(',')}\n`;
    for await (const row of rows) {
      lines += `${row.map((cell) => (cell === null ? '' : quoted(String(cell)))).join(',')}\n`;
      if (lines.length < CHUNK_CHARS) continue;
      yield Buffer.from(lines);
      lines = '';
    }
    isEnded = true;
    yield Buffer.from(lines);
  };
  try {
    yield* readCsvBatches(text(), { types, name: 'the rows of MySQL' });
  } finally {
    if (!isEnded) client.destroy();
  }
}

/** Of the rows that the statement would have. */
async function typesOf(client: MysqlClient, sql: string): Promise<Readonly<Record<string, CsvType>>> {
  const [, fields] = await client.query(`select * from (${sql.trim().replace(/;$/, '')}) as unloaded limit 0`);
  const types: Record<string, CsvType> = {};
  for (const { name, type, columnType, flags } of fields as (FieldPacket & { columnType?: number })[]) {
    if (Object.hasOwn(types, name)) throw new RangeError(`two columns are called "${name}". Rename one of them: select … as …`);
    const isBeyond = (columnType ?? type) === 8 && (Number(flags) & UNSIGNED) !== 0;
    types[name] = isBeyond ? 'text' : (TYPES[columnType ?? type ?? -1] ?? 'text');
  }
  return types;
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
