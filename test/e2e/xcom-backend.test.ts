/** Goal: large XComs lie in a shared folder, are read from there by every reader, and leave nothing behind. */
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { openXcomBackend } from '#platform/xcom/backend.ts';
import { collectXcoms } from '#platform/xcom/collect.ts';
import { startWholeWindlass, type WholeWindlass } from '#test/support/whole-windlass.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const FILES = {
  'large.ts': `
import { dag } from 'windlass';
const options = { isPausedUponCreation: false };
const pad = 'x'.repeat(2_000);

export const large = dag('large', options, ({ task, map, chain }) => {
  const rows = task('rows', async (ctx) => {
    await ctx.xcom.push('beside', { pad, n: 7 });
    return { small: 'beside a large one', list: [{ n: 1, pad }, { n: 2, pad }, { n: 3, pad }] };
  });
  const each = map('each', rows.at('list'), ({ n, pad }) => (n === 2 ? { n, pad } : { n }));
  map('again', each, ({ n }) => n * 10);
  task('sum', { each, rows }, ({ each, rows }) => ({ ns: each.map((one) => one.n), longest: each[1]?.pad?.length, small: rows.small, list: rows.list.length }));
  chain(rows, task('pull', async (ctx) => (await ctx.xcom.pull<{ n: number }>('rows', 'beside'))?.n));
});

export const broken = dag('broken', options, ({ task }) => {
  const rows = task('rows', () => pad);
  const wait = task('wait', async (ctx) => { while ((await ctx.variable('go')) === null) await new Promise((resolve) => setTimeout(resolve, 20)); return 1; });
  task('reads', { rows, wait }, ({ rows }) => rows.length);
});
`,
};

const folder = mkdtempSync(join(tmpdir(), 'windlass-xcom-'));
const variables = new Map<string, string>();
let windlass: WholeWindlass;
beforeAll(async () => {
  windlass = await startWholeWindlass(FILES, {
    xcomBackend: `file://${folder}`,
    xcomBackendThresholdBytes: 1_000,
    xcomMaxBytes: 100,
    variables,
  });
  await windlass.know('large', 'broken');
});
afterAll(async () => {
  await windlass.close();
  rmSync(folder, { recursive: true });
});

it('inputs, items of maps, results of mapped tasks and pulls come from the backend; small values stay in Postgres', async () => {
  const run = await windlass.trigger('large');
  expect(await windlass.ended(run)).toBe('success');
  expect(await windlass.result(run, 'sum')).toEqual({ ns: [1, 2, 3], longest: 2_000, small: 'beside a large one', list: 3 });
  expect(await Promise.all([0, 1, 2].map((index) => windlass.result(run, 'again', index)))).toEqual([10, 20, 30]);
  expect(await windlass.result(run, 'pull')).toBe(7);
  const rows = await windlass.sql<{ where: string; bytes: number; ref: string | null; hash: string | null }>(
    `select ti.task_id || '.' || x.key || '.' || ti.map_index as where, x.bytes, x.ref, x.hash
       from xcom x join task_instance ti using (task_instance_id) where ti.dag_run_id = $1 and (x.value is null) order by 1`,
    [run],
  );
  expect(rows.map((row) => row.where)).toEqual(['each.return_value.1', 'rows.beside.-1', 'rows.return_value.-1']);
  expect(rows.every((row) => row.bytes > 1_000 && row.ref === `file:${run}/${row.hash}`)).toBe(true);
});

it('what nobody refers to any more is collected, once it is old enough, with the folders of deleted runs', async () => {
  const backend = openXcomBackend({ xcomBackend: folder });
  if (backend === null) throw new Error('no backend');
  const run = await windlass.trigger('large');
  await windlass.ended(run);
  const left = join(folder, run, `${'0'.repeat(64)}.json`);
  writeFileSync(left, 'of an attempt that was lost');
  utimesSync(left, 0, 0);
  expect(await collectXcoms(windlass.db, backend, 3_600_000)).toBe(1);
  expect(readdirSync(join(folder, run))).toHaveLength(3);
  await windlass.sql('delete from dag_run where dag_run_id = $1', [run]);
  expect(await collectXcoms(windlass.db, backend, 3_600_000)).toBe(0);
  for (const name of readdirSync(join(folder, run))) utimesSync(join(folder, run, name), 0, systemClock.now() / 1_000 - 7_200);
  expect(await collectXcoms(windlass.db, backend, 3_600_000)).toBe(3);
  expect(await backend.listRuns()).not.toContain(run);
});

it('a task whose input is gone fails, saying what to clear', async () => {
  variables.clear();
  const run = await windlass.trigger('broken');
  await vi.waitUntil(
    async () => (await windlass.states(run))['rows'] === 'success' && (await windlass.states(run))['wait'] === 'running',
    60_000,
  );
  rmSync(join(folder, run), { recursive: true });
  variables.set('go', 'yes');
  expect(await windlass.ended(run)).toBe('failed');
  const [reads] = await windlass.sql<{ reason: string }>(`select reason from task_instance where dag_run_id = $1 and task_id = 'reads'`, [
    run,
  ]);
  expect(reads?.reason).toMatch(/kept in the XCom backend cannot be read .*it was removed\. Clear the task that made it/);
});

it('a reference cannot lead out of the folder', async () => {
  const backend = openXcomBackend({ xcomBackend: folder });
  for (const ref of ['file:../../etc/passwd', 'file:x/y', `file:${'a'.repeat(36)}/../x`, '/etc/passwd'])
    await expect(backend?.get(ref)).rejects.toThrow(/no reference of the folder backend/);
  expect(() => openXcomBackend({ xcomBackend: 'ftp://bucket' })).toThrow(/which is no backend/);
});
