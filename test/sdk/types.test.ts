/** Goal: wrong wiring does not compile and right wiring does. Method: tsc over test/sdk/types with the strict settings. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

async function compile(...files: string[]): Promise<string> {
  const options =
    '--noEmit --strict --noUncheckedIndexedAccess --target es2024 --module nodenext --types node --skipLibCheck --allowImportingTsExtensions --ignoreConfig';
  try {
    await run(process.execPath, [
      'node_modules/typescript/bin/tsc',
      ...options.split(' '),
      ...files.map((file) => `test/sdk/types/${file}`),
    ]);
    return '';
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

test('the three example DAGs compile', { timeout: 120_000 }, async () => {
  expect(await compile('ex1.ts', 'ex2.ts', 'ex3.ts', 'schedules.ts', 'lists.ts')).toBe('');
});

test('each wrong program is a compile error, and inferred types are the expected ones', { timeout: 120_000 }, async () => {
  // An @ts-expect-error without an error below it is itself an error, so an empty answer proves both.
  expect(await compile('neg.ts')).toBe('');
});

test('control: without its @ts-expect-error lines the file of wrong programs does not compile', { timeout: 120_000 }, async () => {
  const file = 'test/sdk/types/control.generated.ts';
  writeFileSync(file, readFileSync('test/sdk/types/neg.ts', 'utf8').replaceAll('@ts-expect-error', 'an error:'));
  try {
    const found = (await compile('control.generated.ts')).match(/error TS/g) ?? [];
    expect(found.length).toBeGreaterThanOrEqual(10);
  } finally {
    rmSync(file);
  }
});
