/** `windlass/providers/google`: Cloud Storage and BigQuery. */
export {
  BigQuery,
  type BigQueryField,
  type BigQuerySource,
  connectBigQuery,
  type LoadedTable,
  type LoadOptions,
  openBigQuery,
  type QueryOptions,
} from './bigquery.ts';
export {
  type BigQueryExtractInput,
  type BigQueryQueryInput,
  bigqueryExtract,
  bigqueryLoad,
  bigqueryQuery,
  bigqueryTableExists,
} from './bigquery-tasks.ts';
export { type GoogleAccess, type GoogleConnection, readGoogleConnection } from './connection.ts';
export { connectGcs, Gcs, type GcsObject, openGcs, type UploadOptions } from './gcs.ts';
export {
  type GcsDownloadInput,
  type GcsListInput,
  type GcsUploadInput,
  gcsDelete,
  gcsDownload,
  gcsList,
  gcsObjectExists,
  gcsUpload,
} from './gcs-tasks.ts';
