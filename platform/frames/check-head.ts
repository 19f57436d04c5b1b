/**
 * Arrow's reader believes what the head of a message says of its own lists: a few wrong bytes, and it makes a list of billions, which holds up
 * whoever reads for minutes. So a head is walked first, the way Arrow does it, by somebody who counts.
 */

import { DictionaryBatch } from 'apache-arrow/fb/dictionary-batch';
import { Field } from 'apache-arrow/fb/field';
import type { KeyValue } from 'apache-arrow/fb/key-value';
import { Message } from 'apache-arrow/fb/message';
import { MessageHeader } from 'apache-arrow/fb/message-header';
import { RecordBatch } from 'apache-arrow/fb/record-batch';
import { Schema } from 'apache-arrow/fb/schema';
import { ByteBuffer, Encoding } from 'flatbuffers';
import { invalid } from '../bytes/ranged-bytes.ts';

/** Elements of lists, and bytes of texts: parts of a head may be shared, so that a small one is much work. */
const WORK_MAX = 8 * 1024 * 1024;
/** As deep as types may be nested. */
const DEPTH_MAX = 64;

interface Noted {
  customMetadataLength(): number;
  customMetadata(index: number): KeyValue | null;
}

/** Throws BAD_REQUEST when reading the head would be more work than any that fits its size. */
export function checkHead(head: Uint8Array): void {
  const message = Message.getRootAsMessage(new ByteBuffer(head));
  const walk = new Walk(head.length);
  walk.notes(message);
  const type = message.headerType();
  if (type === MessageHeader.Schema) walk.schema(message.header(new Schema()) as Schema | null);
  if (type === MessageHeader.RecordBatch) walk.batch(message.header(new RecordBatch()) as RecordBatch | null);
  if (type === MessageHeader.DictionaryBatch) walk.batch((message.header(new DictionaryBatch()) as DictionaryBatch | null)?.data() ?? null);
}

class Walk {
  readonly #headBytes: number;
  #left = WORK_MAX;

  constructor(headBytes: number) {
    this.#headBytes = headBytes;
  }

  schema(schema: Schema | null): void {
    if (schema === null) return;
    this.notes(schema);
    for (let at = 0, count = this.#list(schema.fieldsLength(), 4); at < count; at++) this.#field(schema.fields(at, new Field()), 1);
  }

  batch(batch: RecordBatch | null): void {
    if (batch === null) return;
    this.#list(batch.nodesLength(), 16);
    this.#list(batch.buffersLength(), 16);
    this.#list(batch.variadicBufferCountsLength(), 8);
  }

  notes(parent: Noted): void {
    for (let at = 0, count = this.#list(parent.customMetadataLength(), 4); at < count; at++) {
      const note = parent.customMetadata(at);
      this.#text(note?.key(Encoding.UTF8_BYTES));
      this.#text(note?.value(Encoding.UTF8_BYTES));
    }
  }

  #field(field: Field | null, depth: number): void {
    if (field === null) return;
    if (depth > DEPTH_MAX) throw invalid(`its types are nested deeper than ${DEPTH_MAX} levels`);
    this.#text(field.name(Encoding.UTF8_BYTES));
    this.notes(field);
    for (let at = 0, count = this.#list(field.childrenLength(), 4); at < count; at++)
      this.#field(field.children(at, new Field()), depth + 1);
  }

  #list(length: number, elementBytes: number): number {
    if (!(length >= 0 && length * elementBytes <= this.#headBytes))
      throw invalid(`a list of ${length} does not fit into the head of its message`);
    this.#spend(length);
    return length;
  }

  #text(text: string | Uint8Array | null | undefined): void {
    this.#spend(text?.length ?? 0);
  }

  #spend(work: number): void {
    this.#left -= work + 1;
    if (this.#left < 0) throw invalid('the head of a message repeats itself too often');
  }
}
