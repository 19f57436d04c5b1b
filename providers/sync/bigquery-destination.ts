/** Rows into a table of BigQuery by way of Cloud Storage, with the state of the sync beside the staged files. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssetColumn } from '#core/assets/asset-version.ts';
import type { SyncResetWish } from '#core/sync/sync-report.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { beforePublish, reportWritten, withoutReporting } from '#sdk/runtime/asset-writes.ts';
import { firstRowsOf } from '../arrow/report-writing.ts';
import { type BigQuery, openBigQuery } from '../google/bigquery.ts';
import { GOOGLE_DEFAULT, googleAccess } from '../google/connection.ts';
import { connectGcs, type Gcs } from '../google/gcs.ts';
import { writeParquet } from '../parquet/write-parquet.ts';
import { evolve } from './evolve.ts';
import { refuseOther } from './one-writer.ts';
import type { OpenDestination, SyncCtx, SyncDestination, SyncPage, SyncState, SyncStream } from './sync-types.ts';

export interface BigqueryDestinationOptions {
  /** Default google_cloud_default. */
  readonly connection?: string;
  /** `dataset.table` or `project.dataset.table`; made from the first page if need be. */
  readonly table: string;
  /** `gs://bucket/folder` for the files that are loaded, and for the state. */
  readonly staging: string;
}

interface Kept {
  readonly state: SyncState | null;
  readonly pages: number;
  readonly columns: readonly AssetColumn[] | null;
  /** Another one when the state was removed to begin from the start: its jobs are new ones. */
  readonly began: string;
  /** The last reset that was carried out, and how many rows it removed. */
  readonly reset?: { readonly id: string; readonly removed: number };
}

/**
 * Every run adds rows. A page's load has an id made of the stream and the page's number, so one whose end was not written down is found again
 * and not repeated, by whichever attempt or run goes on.
 */
export function bigqueryDestination(options: BigqueryDestinationOptions): SyncDestination {
  const connection = options.connection ?? GOOGLE_DEFAULT;
  return {
    name: `bigquery ${options.table}${options.connection === undefined ? '' : ` (${options.connection})`}`,
    resets: { rowsAre: 'added', removes: 'table' },
    async open(ctx: SyncCtx, stream: SyncStream) {
      const gcs = await connectGcs(ctx, connection);
      const access = await googleAccess(ctx, connection);
      const stateUri = `${options.staging.replace(/\/$/, '')}/_windlass_sync.${stream.name}.json`;
      const kept = await readState(gcs, stateUri);
      const first: Kept = { state: null, pages: 0, columns: null, began: new Date().toISOString() };
      // Written before the first load, so that its id is the same after a crash.
      if (kept === null) await gcs.upload(Buffer.from(JSON.stringify(first)), stateUri);
      const open = (page: string) => openBigQuery(access, { idempotencyKey: page, signal: ctx.signal });
      return new IntoBigquery({ gcs, open, ctx, stream, stateUri, options }, kept ?? JSON.stringify(first));
    },
  };
}

async function readState(gcs: Gcs, uri: string): Promise<string | null> {
  return (await gcs.exists(uri)) ? (await gcs.read(uri)).toString('utf8') : null;
}

interface Parts {
  readonly gcs: Gcs;
  readonly open: (page: string) => Promise<BigQuery>;
  readonly ctx: SyncCtx;
  readonly stream: SyncStream;
  readonly stateUri: string;
  readonly options: BigqueryDestinationOptions;
}

class IntoBigquery implements OpenDestination {
  readonly #parts: Parts;
  /** As it was read or written last. */
  #text: string;

  constructor(parts: Parts, text: string) {
    this.#parts = parts;
    this.#text = text;
  }

  get #kept(): Kept {
    return JSON.parse(this.#text) as Kept;
  }

  async state(): Promise<SyncState | null> {
    return this.#kept.state;
  }

  async write({ batch: given, state }: SyncPage): Promise<void> {
    const { gcs, open, ctx, stream, stateUri, options } = this.#parts;
    const kept = this.#kept;
    const { pages, began } = kept;
    const { batch, columns, added } = evolve(stream, kept.columns, given);
    const place = { uri: `bigquery://${options.table.replace(/[.:]/g, '/')}`, alsoKnownAs: [options.table] };
    await beforePublish({ ...place, columns });
    refuseOther(stream, this.#text, await readState(gcs, stateUri));
    const { name, staged } = this.#page(began, pages);
    const path = join(ctx.scratch, `${name}.parquet`);
    const { bytes } = await withoutReporting(async () => {
      const file = await writeParquet(path, [batch]);
      await gcs.upload(path, staged);
      await rm(path, { force: true });
      const bigquery = await open(name);
      await bigquery.load({
        from: staged,
        table: options.table,
        ifExists: 'append',
        // The first page brings all columns; after a reset the table has them.
        ...(added.length > 0 && kept.columns !== null && { addColumns: true }),
      });
      return file;
    });
    await this.#keep({ ...kept, state, pages: pages + 1, columns });
    reportWritten({ ...place, columns, rows: batch.numRows, bytes, adds: true, ...firstRowsOf(batch) });
  }

  /** The rows first: emptying the table is a job with an id of its own, which is found again and not repeated. */
  async reset({ resetId, rows }: SyncResetWish): Promise<number> {
    const { gcs, open, options, stateUri } = this.#parts;
    // Another that was told the same may have done it since this one was opened.
    this.#text = (await readState(gcs, stateUri)) ?? this.#text;
    const kept = this.#kept;
    if (kept.reset?.id === resetId) return kept.reset.removed;
    if (rows === 'remove') await this.#settle(kept);
    const bigquery = await open(`reset-${resetId}`);
    const removed = rows === 'remove' ? await bigquery.truncate(options.table) : 0;
    const began = new Date().toISOString();
    await this.#keep({ state: null, pages: 0, columns: kept.columns, began, reset: { id: resetId, removed } });
    return removed;
  }

  /**
   * A load that a killed attempt had asked for may still run: its rows must come before the table is emptied, not after. Asked for again under
   * its name it is waited for; how it was asked for is not known, and what comes of asking the other way is removed with the rest.
   */
  async #settle({ began, pages }: Kept): Promise<void> {
    const { gcs, open, options } = this.#parts;
    const { name, staged } = this.#page(began, pages);
    if (!(await gcs.exists(staged))) return;
    const bigquery = await open(name);
    for (const more of [{}, { addColumns: true }])
      await withoutReporting(() => bigquery.load({ from: staged, table: options.table, ifExists: 'append', ...more })).catch(
        (error: unknown) => {
          // A load that cannot be done leaves no rows behind.
          if (!(error instanceof Fatal)) throw error;
        },
      );
  }

  #page(began: string, page: number): { readonly name: string; readonly staged: string } {
    const name = `${this.#parts.stream.name}-${began.replace(/\D/g, '')}-${String(page).padStart(8, '0')}`;
    return { name, staged: `${this.#parts.options.staging.replace(/\/$/, '')}/${name}.parquet` };
  }

  async #keep(kept: Kept): Promise<void> {
    const text = JSON.stringify(kept);
    await this.#parts.gcs.upload(Buffer.from(text), this.#parts.stateUri);
    this.#text = text;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
