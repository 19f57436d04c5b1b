/** The DAGs of the matrix, as a user would write them. Their bodies tell of themselves in the ledger. */
import { basename, join } from 'node:path';

const OPTIONS = 'isPausedUponCreation: false, maxActiveRuns: 100';
/** Many: on a busy machine a lease of this length runs out now and then without anybody's fault. */
const TRIES = "retries: 20, retryDelay: '50ms'";

/** Clusters share a Redis. */
export function streamOf(folder: string): string {
  return `orders-${basename(folder)}`;
}

export function ledgerOf(folder: string): string {
  return join(folder, 'ledger.jsonl');
}

/** Fatal errors aside, a lost try is made again; `once` bodies are not. */
function head(folder: string): string {
  return `import { appendFileSync } from 'node:fs';
import { asset, dag, onAssets, waitFor } from 'windlass';
void [asset, onAssets, waitFor];
const note = (what, ctx) => appendFileSync(${JSON.stringify(ledgerOf(folder))}, JSON.stringify({ what, dag: ctx.run.dagId, run: ctx.run.id,
  task: ctx.task?.id ?? '', index: ctx.task?.mapIndex ?? -1, attempt: ctx.task?.attempt ?? 0, pid: process.pid }) + '\\n');
const body = (ms = 0, result = null) => async (...given) => {
  const ctx = given.at(-1);
  note('begin', ctx);
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
  note('end', ctx);
  return result;
};
const called = (event) => note('callback', event.ctx);
`;
}

const TEXTS = {
  /** A try more, none more, whatever happened; callbacks at the end; a pool of its own. */
  steps: (id: string) => `dag('${id}', { ${OPTIONS}, onSuccessCallback: called, onFailureCallback: called }, ({ task }) => {
  const first = task('first', body(), { ${TRIES}, pool: 'narrow' });
  const once = task('once', body(), { after: first, retries: 0, pool: 'narrow' });
  task('last', body(), { after: once, ${TRIES}, triggerRule: 'all_done' });
})`,
  /** One body, that may be started once. */
  alone: (id: string) => `dag('${id}', { ${OPTIONS} }, ({ task }) => { task('alone', body(), { retries: 0 }); })`,
  /** Longer than several renewals. */
  slow: (id: string) => `dag('${id}', { ${OPTIONS} }, ({ task }) => { task('slow', body(1200), { ${TRIES} }); })`,
  /** At work while a test does something else. */
  long: (id: string) => `dag('${id}', { ${OPTIONS} }, ({ task }) => { task('long', body(8_000), { ${TRIES} }); })`,
  dies: (id: string) => `dag('${id}', { ${OPTIONS} }, ({ task }) => {
  task('dies', async (ctx) => { note('begin', ctx); if (ctx.task.attempt === 1) process.exit(7); note('end', ctx); }, { ${TRIES} });
})`,
  large: (id: string) => `dag('${id}', { ${OPTIONS} }, ({ task }) => {
  const big = task('big', body(0, 'x'.repeat(5000)), { ${TRIES} });
  task('reads', { big }, async ({ big }, ctx) => { note('begin', ctx); if (big.length !== 5000) throw new Error('half a value'); note('end', ctx); }, { ${TRIES} });
})`,
  mapped: (id: string) => `dag('${id}', { ${OPTIONS} }, ({ task, map }) => {
  const list = task('list', body(0, [1, 2, 3]), { ${TRIES} });
  map('each', list, body(), { ${TRIES} });
})`,
  waits: (id: string) => `dag('${id}', { ${OPTIONS} }, ({ task, sensor }) => {
  const soon = sensor('soon', waitFor('1500ms'), { ${TRIES} });
  task('after', body(), { after: soon, ${TRIES} });
})`,
  parent: (id: string) => `dag('${id}', { ${OPTIONS} }, ({ trigger, task }) => {
  const made = trigger('makes_a_run', 'child', { ${TRIES} });
  task('after', body(), { after: made, ${TRIES} });
})`,
  child: (id: string) => `dag('${id}', { ${OPTIONS} }, ({ task }) => { task('own', body(), { ${TRIES} }); })`,
  doomed: (id: string) => `dag('${id}', { ${OPTIONS}, failFast: true }, ({ task }) => {
  task('long', body(20_000), { retries: 0 });
  task('fails', async (ctx) => { note('begin', ctx); throw new Error('on purpose'); }, { retries: 0 });
})`,
  late: (id: string) => `dag('${id}', { ${OPTIONS}, deadline: { within: '100ms', callback: called } }, ({ task }) => {
  task('late', body(700), { ${TRIES} });
})`,
  makes: (id: string) => `dag('${id}', { ${OPTIONS} }, ({ task }) => {
  task('makes', body(), { outlets: [asset('table')], ${TRIES} });
})`,
  takes: (id: string) =>
    `dag('${id}', { ${OPTIONS}, schedule: onAssets(asset('table')) }, ({ task }) => { task('takes', body(), { ${TRIES} }); })`,
  /** Three runs of the past, once it is unpaused. */
  dated: (
    id: string,
  ) => `dag('${id}', { maxActiveRuns: 100, isPausedUponCreation: true, schedule: '@daily', startDate: '2026-03-01', endDate: '2026-03-03',
  catchup: 'all' }, ({ task }) => { task('dated', body(), { ${TRIES} }); })`,
  daily: (id: string) => `dag('${id}', { ${OPTIONS}, schedule: '@daily', startDate: '2020-01-01', catchup: 'none' },
  ({ task }) => { task('daily', body(), { ${TRIES} }); })`,
  watches: (
    id: string,
    folder: string,
  ) => `dag('${id}', { ${OPTIONS}, schedule: onAssets(asset('seen', { watch: { file: ${JSON.stringify(join(folder, 'watched.txt'))}, every: '1s' } })) },
  ({ task }) => { task('saw', body(), { ${TRIES} }); })`,
  hears: (
    id: string,
    folder: string,
  ) => `dag('${id}', { ${OPTIONS}, schedule: onAssets(asset('heard', { watch: { stream: '${streamOf(folder)}', connection: 'streams' } })) },
  ({ task }) => { task('heard', body(), { ${TRIES} }); })`,
} as const;

export type Text = keyof typeof TEXTS;

/** One file: reading it costs a process of its own each time. `dags`: id -> text. */
export function dagFile(folder: string, dags: Readonly<Record<string, Text>>): string {
  return `${head(folder)}export default [\n${Object.entries(dags)
    .map(([id, text]) => TEXTS[text](id, folder))
    .join(',\n')},\n];\n`;
}
