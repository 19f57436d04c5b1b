/** `windlass/providers/ndjson`: newline-delimited JSON to Arrow and back. */
export { inferNdjsonTypes } from './infer-ndjson-types.ts';
export { NdjsonError } from './ndjson-error.ts';
export { type NdjsonOptions, readNdjson, readNdjsonBatches } from './read-ndjson.ts';
export { ndjsonText, type WriteNdjsonOptions, writeNdjson } from './write-ndjson.ts';
