/** `windlass/providers/csv`: CSV files to Arrow and back. */
export type { ByteSource } from './byte-source.ts';
export { CsvError } from './csv-error.ts';
export type { CsvColumns, CsvOptions, CsvType, CsvTypes } from './csv-types.ts';
export { type InferCsvOptions, inferCsvTypes } from './infer-csv-types.ts';
export type { InferredTypes } from './infer-types.ts';
export { readCsv, readCsvBatches } from './read-csv.ts';
export { csvText, type WriteCsvOptions, writeCsv } from './write-csv.ts';
