/** Where everything lies in a frame (an Arrow IPC stream): found by reading the heads of its messages and passing over their bodies. */
import { type DataType, type Field, Message, type Schema } from 'apache-arrow';
import { AppError } from '#core/errors.ts';
import { invalid, type RangedBytes } from '../bytes/ranged-bytes.ts';
import { checkHead } from './check-head.ts';

/** A message with rows, or with the values of a dictionary. */
export interface Part {
  readonly headOffset: number;
  readonly headBytes: number;
  readonly bodyOffset: number;
  readonly bodyBytes: number;
}

export interface BatchPart extends Part {
  readonly firstRow: number;
  readonly rows: number;
  /** Dictionaries that hold for it, by id. */
  readonly dictionaries: ReadonlyMap<number, Part>;
}

export interface FrameIndex {
  readonly fields: readonly Field<DataType>[];
  readonly batches: readonly BatchPart[];
  readonly rows: number;
}

const HEAD_MAX_BYTES = 4 * 1024 * 1024;
const MESSAGES_MAX = 200_000;
const MARKER = 0xffff_ffff;

/** Throws BAD_REQUEST when the bytes are no such stream. */
export async function indexFrame(bytes: RangedBytes): Promise<FrameIndex> {
  let schema: Schema | null = null;
  const batches: BatchPart[] = [];
  let dictionaries: ReadonlyMap<number, Part> = new Map();
  let rows = 0;
  let offset = 0;
  for (let count = 0; offset + 8 <= bytes.size; count++) {
    if (count > MESSAGES_MAX) throw invalid(`it has more than ${MESSAGES_MAX} batches`);
    const head = await readHead(bytes, offset);
    if (head === null) break;
    const { message, part } = head;
    offset = part.bodyOffset + part.bodyBytes;
    if (offset > bytes.size) throw invalid('its last batch is cut off');
    if (message.isSchema()) schema = wholeTypes(message.header() as unknown as Schema);
    else if (schema === null) throw invalid('it does not begin with a schema');
    else if (message.isDictionaryBatch()) {
      const { id, isDelta } = message.header();
      if (!isDelta) dictionaries = new Map(dictionaries).set(Number(id), part);
    } else if (message.isRecordBatch()) {
      const { length } = message.header();
      if (!Number.isSafeInteger(length) || length < 0) throw invalid(`a batch has ${length} rows`);
      batches.push({ ...part, firstRow: rows, rows: length, dictionaries });
      rows += length;
    }
  }
  if (schema === null) throw invalid('it has no schema');
  return { fields: schema.fields, batches, rows };
}

/** Lists without a type of their elements and the like throw when they are first looked at: here rather than anywhere. */
function wholeTypes(schema: Schema): Schema {
  try {
    for (const { type } of schema.fields) String(type);
    return schema;
  } catch (error) {
    throw invalid(`the type of a column is not whole (${(error as Error).message})`);
  }
}

/** Null at the end mark. */
async function readHead(bytes: RangedBytes, offset: number): Promise<{ readonly message: Message; readonly part: Part } | null> {
  const start = new DataView((await bytes.read(offset, 8)).buffer);
  if (start.getUint32(0, true) !== MARKER) throw invalid(`there is no message at byte ${offset}`);
  const headBytes = start.getInt32(4, true);
  if (headBytes === 0) return null;
  if (headBytes < 0 || headBytes > HEAD_MAX_BYTES) throw invalid(`the head of a message has ${headBytes} bytes`);
  const message = await readMessage(bytes, { headOffset: offset + 8, headBytes });
  const bodyBytes = message.bodyLength;
  if (!Number.isSafeInteger(bodyBytes) || bodyBytes < 0) throw invalid('a message has no length');
  return { message, part: { headOffset: offset + 8, headBytes, bodyOffset: offset + 8 + headBytes, bodyBytes } };
}

export async function readMessage(bytes: RangedBytes, { headOffset, headBytes }: Pick<Part, 'headOffset' | 'headBytes'>): Promise<Message> {
  const head = await bytes.read(headOffset, headBytes);
  try {
    checkHead(head);
    const message = Message.decode(head);
    // It is decoded when it is asked for; a mangled one throws there.
    message.header();
    return message;
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw invalid(`a message cannot be read (${(error as Error).message})`);
  }
}
