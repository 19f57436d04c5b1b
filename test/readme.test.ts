/** Goal: the DAG that the README shows compiles and runs as it stands there. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const run = promisify(execFile);
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const source = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
/** Inside the repository, where "windlass" resolves for the compiler as it does for a user who installed it. */
const compiled = 'test/readme.generated.ts';
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-readme-'));
  writeFileSync(join(folder, 'orders.ts'), source);
  writeFileSync(compiled, source);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(compiled);
});

test("the README's DAG compiles", { timeout: 120_000 }, async () => {
  const options =
    '--noEmit --strict --target es2024 --module nodenext --types node --skipLibCheck --allowImportingTsExtensions --ignoreConfig';
  await expect(run(process.execPath, ['node_modules/typescript/bin/tsc', ...options.split(' '), compiled])).resolves.toMatchObject({
    stdout: '',
  });
});

test("the README's DAG runs, outside the repository, and fits into ten lines", { timeout: 60_000 }, async () => {
  const { stdout } = await run(process.execPath, ['bin/windlass.mjs', 'dags', 'test', join(folder, 'orders.ts'), '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ state: 'success' });
  expect(source.trim().split('\n').length).toBeLessThanOrEqual(10);
});
