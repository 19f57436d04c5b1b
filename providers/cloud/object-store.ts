/** What a bucket can do whoever made it: folders, datasets and many objects at once, by what it can do with one object. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeCopy, reportCopied } from '#sdk/runtime/asset-writes.ts';
import { uriOfFile } from '../arrow/report-writing.ts';
import type { Dataset } from '../parquet/write-dataset.ts';
import { eachOf } from './each-of.ts';
import { joinUri, parseObjectUri } from './object-uri.ts';

const AT_ONCE = 4;

export abstract class ObjectStore<Described extends { readonly uri: string }> {
  protected abstract readonly scheme: 'gs' | 's3';
  /** Sends a file, or bytes. What was there is replaced, in one instant. */
  abstract upload(source: string | Uint8Array, uri: string): Promise<Described>;
  /** Objects whose names begin with `uri`, in the order of their names. */
  abstract list(uri: string): Promise<readonly Described[]>;
  /** Null when there is none. */
  abstract find(uri: string): Promise<Described | null>;
  abstract delete(uri: string): Promise<unknown>;

  async exists(uri: string): Promise<boolean> {
    return (await this.find(uri)) !== null;
  }

  /** Sends every file below a folder to names below `uri`, four at once. */
  async uploadFolder(folder: string, uri: string): Promise<readonly Described[]> {
    parseObjectUri(uri, this.scheme);
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort();
    return eachOf(paths, AT_ONCE, (path) => this.upload(join(folder, path), joinUri(uri, path)));
  }

  /**
   * Sends a dataset of `writeDataset` to `uri`. Each of its partitions then holds the files of this dataset and no other; partitions
   * that it has no rows of stay. New files are there before old ones go: running it again changes nothing.
   */
  async uploadDataset(dataset: Dataset, uri: string): Promise<readonly Described[]> {
    await beforeCopy(uriOfFile(dataset.folder), uri);
    const sent = await eachOf(dataset.files, AT_ONCE, ({ path }) => this.upload(join(dataset.folder, path), joinUri(uri, path)));
    const kept = new Set(sent.map((object) => object.uri));
    const partitions = [...new Set(dataset.files.map(({ path }) => path.slice(0, path.lastIndexOf('/') + 1)))];
    await eachOf(partitions, AT_ONCE, async (partition) => {
      const others = (await this.list(joinUri(uri, partition))).filter((object) => !kept.has(object.uri));
      for (const { uri: other } of others) await this.delete(other);
    });
    reportCopied(uriOfFile(dataset.folder), uri);
    return sent;
  }

  /** Deletes all whose names begin with `uri`; returns how many. A whole bucket must be named with its slash. */
  async deleteAll(uri: string): Promise<number> {
    const objects = await this.list(uri);
    await eachOf(objects, AT_ONCE, (object) => this.delete(object.uri));
    return objects.length;
  }
}
