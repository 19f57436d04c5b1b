/** `windlass/providers/parquet`: Parquet files and partitioned datasets to frames and back. */
export { dayOf, type PartitionColumn, type PartitionType, type PartitionValues } from './partition.ts';
export {
  type FoundFile,
  listDataset,
  type PartitionCondition,
  type ReadDatasetOptions,
  readDataset,
  readDatasetBatches,
} from './read-dataset.ts';
export { type ReadParquetOptions, readParquet, readParquetBatches } from './read-parquet.ts';
export { type Dataset, type DatasetFile, type DatasetOptions, writeDataset } from './write-dataset.ts';
export { type ParquetCompression, type ParquetFile, type ParquetOptions, parquetBytes, writeParquet } from './write-parquet.ts';
