/**
 * Datasets of Parquet files to frames. Partitions that are not wanted are not opened.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Field, makeData, RecordBatch, Schema, Struct, Table, vectorFromArray } from 'apache-arrow';
import { Fatal } from '#sdk/outcomes.ts';
import type { AnyColumns } from '../arrow/frame.ts';
import { PARTITION_ARROW_TYPE, type PartitionType, type PartitionValues, parseFolder } from './partition.ts';
import { type ReadParquetOptions, readParquetBatches } from './read-parquet.ts';

/** A value, several, or a test of it; null = missing. Of int64 and date, too, the text in the path is what is compared. */
export type PartitionCondition = string | null | readonly (string | null)[] | ((value: string | null) => boolean);

export interface ReadDatasetOptions extends ReadParquetOptions {
  /** Type of each partition column, in the order of the folders. They become the last columns of the frame. */
  readonly partitions: Readonly<Record<string, PartitionType>>;
  /** Only partitions that meet every condition: `{ day: '2021-01-31' }`. */
  readonly where?: Readonly<Record<string, PartitionCondition>>;
}

export interface FoundFile {
  readonly path: string;
  readonly partition: PartitionValues;
}

/** The files of the wanted partitions, in order. Throws Fatal for a folder that is no partition of this dataset. */
export async function listDataset(
  folder: string,
  options: Omit<ReadDatasetOptions, keyof ReadParquetOptions>,
): Promise<readonly FoundFile[]> {
  const names = Object.keys(options.partitions);
  for (const name of Object.keys(options.where ?? {})) {
    if (!names.includes(name)) throw new RangeError(`where names "${name}", which is no partition column. There are: ${names.join(', ')}.`);
  }
  const found: FoundFile[] = [];
  const walk = async (below: string, depth: number): Promise<void> => {
    const entries = (await readdir(join(folder, below), { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      if (/^[._]/.test(entry.name)) continue;
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory() && depth < names.length) {
        const value = partitionValue(folder, path, names[depth] as string);
        if (meets(value, options.where?.[names[depth] as string])) await walk(path, depth + 1);
      } else if (entry.isFile() && entry.name.endsWith('.parquet')) {
        if (depth < names.length) throw new Fatal(`${join(folder, path)} lies outside of the partitions by ${names.join(', ')}.`);
        found.push({ path: join(folder, path), partition: parseFolder(below) ?? {} });
      }
    }
  };
  await walk('', 0);
  return found;
}

/** Reads the wanted partitions one file after the other. Throws Fatal when there is none: a frame needs columns. */
export async function* readDatasetBatches(folder: string, options: ReadDatasetOptions): AsyncGenerator<RecordBatch<AnyColumns>> {
  const files = await listDataset(folder, options);
  if (files.length === 0) throw new Fatal(`${folder} has no file in the wanted partitions. Write it first, or widen where.`);
  for (const { path, partition } of files) {
    for await (const batch of readParquetBatches(path, options)) yield withPartition(batch, partition, options.partitions);
  }
}

/** Reads the wanted partitions into one table. */
export async function readDataset(folder: string, options: ReadDatasetOptions): Promise<Table<AnyColumns>> {
  const batches: RecordBatch[] = [];
  for await (const batch of readDatasetBatches(folder, options)) batches.push(batch);
  return new Table(batches);
}

function partitionValue(folder: string, path: string, name: string): string | null {
  const value = parseFolder(path.slice(path.lastIndexOf('/') + 1))?.[name];
  if (value === undefined) throw new Fatal(`${join(folder, path)} is no partition by "${name}": its name must begin with ${name}=.`);
  return value;
}

function meets(value: string | null, condition: PartitionCondition | undefined): boolean {
  if (condition === undefined) return true;
  if (typeof condition === 'function') return condition(value);
  return Array.isArray(condition) ? condition.includes(value) : condition === value;
}

function withPartition(batch: RecordBatch, partition: PartitionValues, types: ReadDatasetOptions['partitions']): RecordBatch {
  const added = Object.entries(types).map(([name, type]) => {
    const value = typedValue(partition[name] ?? null, type, name);
    const arrowType = PARTITION_ARROW_TYPE[type]();
    const data = vectorFromArray(new Array(batch.numRows).fill(value), arrowType).data[0]!;
    return { field: new Field(name, arrowType, true), data };
  });
  const fields = [...batch.schema.fields, ...added.map((one) => one.field)];
  const children = [...batch.data.children, ...added.map((one) => one.data)];
  return new RecordBatch(new Schema(fields), makeData({ type: new Struct(fields), length: batch.numRows, nullCount: 0, children }));
}

function typedValue(text: string | null, type: PartitionType, name: string): unknown {
  if (text === null || type === 'text') return text;
  if (type === 'int64' && /^-?\d+$/.test(text)) return BigInt(text);
  if (type === 'date' && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return new Date(text);
  throw new Fatal(`the partition ${name}=${text} is not of the declared type ${type}. Declare it as text.`);
}
