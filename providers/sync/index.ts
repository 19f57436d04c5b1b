/** `windlass/providers/sync`: what is new in a source, moved to a destination. */
export { type BigqueryDestinationOptions, bigqueryDestination } from './bigquery-destination.ts';
export { type FilesSourceOptions, filesSource } from './files-source.ts';
export { type LakeDestinationOptions, lakeDestination } from './lake-destination.ts';
export { type PostgresDestinationOptions, postgresDestination } from './postgres-destination.ts';
export { type PostgresSourceOptions, postgresSource } from './postgres-source.ts';
export { type Pagination, type RestSourceOptions, restSource } from './rest-source.ts';
export { type SyncOptions, type SyncResult, sync } from './sync.ts';
export type { OpenDestination, SyncDestination, SyncPage, SyncSchemaPolicy, SyncSource, SyncState, SyncStream } from './sync-types.ts';
