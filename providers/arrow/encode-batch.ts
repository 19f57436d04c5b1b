import { type RecordBatch, RecordBatchStreamWriter } from 'apache-arrow';

/** A message that ends an IPC stream: continuation marker and length zero. */
export const END_OF_STREAM: Uint8Array = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0);

/** One batch as a whole IPC stream: schema, batch, end mark. */
export function encodeStream(batch: RecordBatch): Uint8Array<ArrayBuffer> {
  const writer = new RecordBatchStreamWriter();
  writer.write(batch);
  writer.finish();
  return writer.toUint8Array(true) as Uint8Array<ArrayBuffer>;
}

/** One batch as IPC messages, with the schema before it if it is the first, without the end mark. */
export function encodeBatch(batch: RecordBatch, withSchema: boolean): Uint8Array {
  const stream = encodeStream(batch);
  // The schema message comes first: marker, length of its metadata, metadata; it has no body.
  const schemaBytes = 8 + new DataView(stream.buffer, stream.byteOffset).getInt32(4, true);
  return stream.subarray(withSchema ? 0 : schemaBytes, stream.byteLength - END_OF_STREAM.byteLength);
}
