/**
 * Goal: `windlass add` writes blocks that compile, and that run in a DAG after their names are filled in. Method: the program itself, then
 * the compiler with the strictest settings over all of them, and three of them in one DAG.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, expect, test, vi } from 'vitest';
import { addBlock } from '../../cli/add/add-block.ts';
import { BLOCK_COMMANDS, PLACES } from '../../cli/add/block-texts.ts';

vi.setConfig({ testTimeout: 120_000 });

const run = promisify(execFile);
const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
const PROGRAM = join(PROJECT, 'bin/windlass.mjs');
// Inside the repository, where "windlass" resolves for the compiler as it does for a user who installed it.
const folder = mkdtempSync(join(PROJECT, 'test/cli/blocks.generated-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every block compiles and is formatted as the project is', async () => {
  const all = join(folder, 'all');
  for (const kind of BLOCK_COMMANDS) for (const place of PLACES) await addBlock({ kind, place, name: undefined, folder: all });
  const files = readdirSync(all);
  expect(files.filter((file) => file.endsWith('.ts'))).toHaveLength(BLOCK_COMMANDS.length * PLACES.length);
  const options =
    '--noEmit --strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --verbatimModuleSyntax --target es2024 --lib es2024,esnext.disposable,dom --module nodenext --types node --skipLibCheck --allowImportingTsExtensions --ignoreConfig';
  const scripts = files.filter((file) => file.endsWith('.ts')).map((file) => join(all, file));
  const compiled = run(process.execPath, [join(PROJECT, 'node_modules/typescript/bin/tsc'), ...options.split(' '), ...scripts]);
  expect(
    await compiled.then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    ),
  ).toBe('');
  const checked = run(join(PROJECT, 'node_modules/.bin/biome'), ['check', '--vcs-enabled=false', all], { cwd: PROJECT });
  expect(
    await checked.then(
      () => '',
      (error: { stderr: string; stdout: string }) => error.stdout + error.stderr,
    ),
  ).toBe('');
});

test('a loader, a transformer in SQL and an exporter make a DAG that runs', async () => {
  const add = (...args: string[]) =>
    run(process.execPath, [PROGRAM, 'add', ...args, '--folder', join(folder, 'dags/blocks')], { cwd: folder });
  expect((await add('loader', '--from', 'csv', '--name', 'load_orders')).stdout).toContain(
    "import { loadOrders } from './blocks/load_orders.ts'",
  );
  await add('transformer', '--in', 'duckdb', '--name', 'count_orders');
  await add('exporter', '--to', 'parquet', '--name', 'keep_orders');
  writeFileSync(join(folder, 'orders.csv'), 'id,name,amount\n1,a,1.5\n2,b,2\n');
  writeFileSync(
    join(folder, 'dags/orders.ts'),
    `import { dag } from 'windlass';
import { countOrders } from './blocks/count_orders.ts';
import { keepOrders } from './blocks/keep_orders.ts';
import { loadOrders } from './blocks/load_orders.ts';
export default dag('orders', {}, ({ task }) => {
  const orders = task('load', { path: '${folder}/orders.csv' }, loadOrders);
  const counted = task('count', { frames: [orders] }, countOrders);
  return task('keep', { frame: counted, path: '${folder}/counted.parquet' }, keepOrders);
});
`,
  );
  const done = await run(process.execPath, [PROGRAM, 'dags', 'test', 'dags/orders.ts'], { cwd: folder });
  expect(done.stdout).toContain('1 rows of 1 columns');
  const bytes = await readFile(join(folder, 'counted.parquet'));
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  expect(await parquetReadObjects({ file })).toEqual([{ n: 2n }]);
});

test('a file that is there is never overwritten, and a bad name or place is told', async () => {
  const add = (...args: string[]) =>
    run(process.execPath, [PROGRAM, 'add', ...args], { cwd: folder }).then(
      () => '',
      (error: { stderr: string }) => error.stderr,
    );
  expect(await add('sensor', '--on', 'gcs', '--name', 'arrived')).toBe('');
  expect(await add('sensor', '--on', 'gcs', '--name', 'arrived')).toContain('dags/blocks/arrived.ts is there already');
  expect(await add('sensor', '--on', 'gcs', '--name', '../up')).toContain('cannot be the name of a block');
  expect(await add('loader', '--from', 'postgre')).toContain('Allowed choices are postgres, bigquery');
});
