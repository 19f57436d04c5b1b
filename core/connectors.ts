/**
 * Packages that providers load when a task needs them (clouds, DuckDB, Parquet) are not inlined in bundles: they would
 * make each of them megabytes large, and some have compiled parts. A bundle names them by this scheme, the same on every
 * machine; the process that runs it finds them in its own installation.
 */
export const CONNECTOR_SCHEME = 'windlass-connector:';
