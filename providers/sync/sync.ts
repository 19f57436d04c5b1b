/** Moves what is new from a source to a destination, page by page, and goes on where it stopped. */
import { wordsOfRemoved } from '#core/sync/reset-words.ts';
import type { Ctx } from '#sdk/context.ts';
import { Fatal } from '#sdk/outcomes.ts';
import { openSyncReport, type SyncReport } from '#sdk/runtime/sync-reports.ts';
import type { OpenDestination, SyncDestination, SyncSchemaPolicy, SyncSource, SyncState } from './sync-types.ts';

export interface SyncOptions {
  readonly from: SyncSource;
  readonly to: SyncDestination;
  /**
   * New or wider columns of the source: `evolve` (default) changes the destination, `fail` fails before anything is written, `discard`
   * leaves new columns out. A column that is gone stays, with nulls. A type that does not hold the old values always fails.
   */
  readonly schemaChange?: SyncSchemaPolicy;
  /**
   * `compare` removes, after each run, the rows of the destination whose key the source has no more: it reads all keys. Default: rows that
   * are deleted in the source stay. (A source that marks them needs none of it: see `deletedAt` of the destination.)
   */
  readonly deletes?: 'keep' | 'compare';
}

export interface SyncResult {
  readonly stream: string;
  readonly rows: number;
  readonly pages: number;
  /** Of rows that were gone from the source; only with `deletes: 'compare'`. */
  readonly removed?: number;
  /** Where the next run goes on. */
  readonly state: SyncState | null;
}

const POLICIES: readonly SyncSchemaPolicy[] = ['evolve', 'fail', 'discard'];

/**
 * The body of a task: `task('sync_orders', sync('orders', { from: postgresSource(…), to: lakeDestination(…) }), { outlets: [orders] })`.
 * The state is kept in the destination with the rows, under the name of the stream, so that a killed attempt, a retry and the next
 * run all go on after the last page that is there.
 */
export function sync(
  stream: string,
  { from, to, schemaChange = 'evolve', deletes = 'keep' }: SyncOptions,
): (ctx: Ctx<unknown>) => Promise<SyncResult> {
  if (!/^[A-Za-z0-9_.-]{1,100}$/.test(stream))
    throw new Fatal(`sync(${JSON.stringify(stream)}, …): the name of a stream has letters, digits, "_", "-" and "." only, at most 100.`);
  if (!POLICIES.includes(schemaChange))
    throw new Fatal(`sync("${stream}"): schemaChange must be ${POLICIES.join(', ')}, not ${JSON.stringify(schemaChange)}.`);
  return async (ctx) => {
    // Before the destination is opened: an attempt that cannot reach it is seen, too.
    const report = await openSyncReport({ stream, source: from.name, destination: to.name, resets: to.resets ?? null });
    await using destination = await to.open(ctx, { name: stream, schemaChange });
    await beginFromStart(ctx, to, destination, report);
    let state = await destination.state();
    ctx.log.info(`${from.name} to ${to.name}: ${state === null ? 'from the start' : `after ${JSON.stringify(state).slice(0, 500)}`}`);
    await report.progress({ before: state, state, rows: 0, pages: 0, removed: null });
    let rows = 0;
    let pages = 0;
    for await (const page of from.pages(ctx, state)) {
      ctx.signal.throwIfAborted();
      await destination.write(page);
      state = page.state;
      rows += page.batch.numRows;
      pages += 1;
      ctx.heartbeat({ done: rows, total: rows, note: `${rows} rows` });
      await report.progress({ state, rows: page.batch.numRows, pages: 1, removed: null });
    }
    ctx.log.info(`${rows} rows in ${pages} pages`);
    if (deletes === 'keep' || state === null) return { stream, rows, pages, state };
    // After the pages: a row that came since is among the keys, and one that went since goes here, too.
    const { removal } = destination;
    if (removal === undefined || from.keys === undefined)
      throw new Fatal(
        `sync("${stream}"): deletes: 'compare' needs a source and a destination with a key; ${from.name} to ${to.name} has none.`,
      );
    const removed = await removal.keepOnly(from.keys(ctx, removal.key));
    ctx.log.info(`${removed} rows removed that the source has no more`);
    await report.progress({ state, rows: 0, pages: 0, removed });
    return { stream, rows, pages, removed, state };
  };
}

/** Carries out the wish of somebody who wants it so. The wish is told again and again until it is said that it is fulfilled. */
async function beginFromStart(ctx: Ctx<unknown>, to: SyncDestination, destination: OpenDestination, report: SyncReport): Promise<void> {
  const { reset } = report;
  if (reset === null) return;
  if (to.resets === undefined || destination.reset === undefined)
    throw new Fatal(`${reset.by} wants this sync to begin from the start, and ${to.name} does not say how (resets).`);
  const removed = await destination.reset(reset);
  const what = reset.rows === 'keep' ? 'the rows stay' : `${wordsOfRemoved(removed, to.resets.removes)} removed`;
  ctx.log.info(`${to.name} begins from the start, as ${reset.by} asked for: ${what}`);
  await report.resetDone(removed);
}
