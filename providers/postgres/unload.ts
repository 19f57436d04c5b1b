/**
 * Rows of a statement as a frame, by COPY: batch by batch, whatever their number.
 */
import type { Readable } from 'node:stream';
import type { RecordBatch } from 'apache-arrow';
import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { AnyColumns } from '../arrow/frame.ts';
import type { CsvType } from '../csv/csv-types.ts';
import { readCsvBatches } from '../csv/read-csv.ts';
import { quoteName } from './identifiers.ts';

interface ColumnPlan {
  readonly type: CsvType;
  /** How the column is selected, so that its text is one of that type. */
  readonly select: (quoted: string) => string;
}

const AS_IT_IS = (quoted: string) => quoted;
const INT64: ColumnPlan = { type: 'int64', select: AS_IT_IS };
const FLOAT64: ColumnPlan = { type: 'float64', select: AS_IT_IS };
/** numeric among them: a float would round it. */
const TEXT: ColumnPlan = { type: 'text', select: (quoted) => `${quoted}::text as ${quoted}` };

/** By the oid of the type in Postgres; every other type comes as text. */
const PLANS: Readonly<Record<number, ColumnPlan>> = {
  16: { type: 'bool', select: AS_IT_IS },
  20: INT64,
  21: INT64,
  23: INT64,
  26: INT64,
  700: FLOAT64,
  701: FLOAT64,
  1082: { type: 'date', select: AS_IT_IS },
  1114: { type: 'timestamp', select: AS_IT_IS },
  // The instant in UTC, without a zone: as everywhere in frames.
  1184: { type: 'timestamp', select: (quoted) => `(${quoted} at time zone 'UTC') as ${quoted}` },
};

/**
 * Yields the rows of `sql`, a select without parameters. Throws what the server says. A reader that stops early cuts the
 * connection: there is no other way to stop a COPY.
 */
export async function* unloadBatches(client: Client, sql: string, batchRows?: number): AsyncGenerator<RecordBatch<AnyColumns>> {
  const statement = sql.trim().replace(/;$/, '');
  const { fields } = await client.query(`select * from (${statement}) as unloaded limit 0`);
  const twice = fields.find((field, index) => fields.findIndex((other) => other.name === field.name) !== index);
  if (twice !== undefined) throw new RangeError(`two columns are called "${twice.name}". Rename one of them: select … as …`);
  const columns = fields.map((field) => ({ name: field.name, plan: PLANS[field.dataTypeID] ?? TEXT }));
  const list = columns.map(({ name, plan }) => plan.select(quoteName(name))).join(', ');
  const copy: Readable = client.query(copyTo(`copy (select ${list} from (${statement}) as unloaded) to stdout with (format csv, header)`));
  const types = Object.fromEntries(columns.map(({ name, plan }) => [name, plan.type]));
  const options = { types, name: 'the rows of Postgres', ...(batchRows === undefined ? {} : { batchRows }) };
  yield* readCsvBatches(bytesOf(client, copy), options);
}

async function* bytesOf(client: Client, copy: Readable): AsyncGenerator<Uint8Array> {
  // Told by the iterator as long as somebody reads; afterwards it must not end the process.
  copy.on('error', () => undefined);
  try {
    for await (const chunk of copy.iterator({ destroyOnReturn: false })) yield chunk as Buffer;
  } finally {
    // Left early; an error of the server has ended the COPY by itself.
    if (!copy.readableEnded && copy.errored === null)
      (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  }
}
