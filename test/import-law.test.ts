// Goal: the import law holds, and the check of it bites. Method: run it over the project, then over a small
// made-up tree with one mistake of each kind.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

function checkImports(folder: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(PROJECT, 'scripts/check-imports.ts'), folder], (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
    );
  });
}

test('the project keeps the import law', { timeout: 120_000 }, async () => {
  const { code, output } = await checkImports(PROJECT);
  expect(output).toMatch(/no dependency violations found \(\d{3,} modules/);
  expect(code).toBe(0);
});

describe('a tree with mistakes', () => {
  let folder: string;
  const CLEAN: Readonly<Record<string, string>> = {
    'core/states.ts': "import type { Other } from './other.ts';\nexport type State = Other;\n",
    'core/other.ts': 'export type Other = string;\n',
    'platform/db/client.ts':
      "import pg from 'pg';\nimport type { State } from '#core/states.ts';\nexport const pool = (state: State) => [pg, state];\n",
    'worker/main.ts': "import { pool } from '#platform/db/client.ts';\nexport const startWorker = pool;\n",
    'scheduler/main.ts': "import { pool } from '#platform/db/client.ts';\nexport const startScheduler = pool;\n",
    'sdk/dag.ts': "export const dag = 'dag';\n",
    'cli/main.ts': "export const work = () => import('../worker/main.ts');\n",
  };
  const MISTAKES: readonly (readonly [name: string, file: string, text: string, rule: string])[] = [
    ['core imports platform', 'core/bad.ts', "export { pool } from '#platform/db/client.ts';\n", 'core-imports-only'],
    [
      'core imports platform for a type alone',
      'core/bad-type.ts',
      "export type { pool } from '#platform/db/client.ts';\n",
      'core-imports-only',
    ],
    ['core imports Node', 'core/reads.ts', "export { readFileSync } from 'node:fs';\n", 'core-is-pure'],
    [
      'the worker imports the scheduler',
      'worker/bad.ts',
      "export { startScheduler } from '../scheduler/main.ts';\n",
      'worker-imports-only',
    ],
    [
      'the task process imports platform',
      'worker/task-process/bad.ts',
      "export { pool } from '#platform/db/client.ts';\n",
      'caged-children',
    ],
    ['SQL outside platform/db', 'scheduler/sql.ts', "import pg from 'pg';\nexport const query = pg;\n", 'sql-only-in'],
    [
      'the broker outside platform/broker',
      'worker/queue.ts',
      "export async function queue() {\n  await using x = await import('bullmq');\n  return x;\n}\n",
      'redis-only-in',
    ],
    ['the command line imports more than a main.ts', 'cli/bad.ts', "export { pool } from '../worker/supervise.ts';\n", 'cli-imports-only'],
    ['a cycle', 'platform/a.ts', "import { b } from './b.ts';\nexport const a = () => b;\n", 'no-cycles'],
    ['an import that leads nowhere', 'sdk/lost.ts', "export { gone } from './gone.ts';\n", 'not-to-unresolvable'],
  ];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'windlass-import-law-'));
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ type: 'module', imports: { '#core/*': './core/*', '#platform/*': './platform/*' } }),
    );
    symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
    write(CLEAN);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function write(files: Readonly<Record<string, string>>): void {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
  }

  test('is accepted before the mistakes are planted', async () => {
    const { code, output } = await checkImports(folder);
    expect(output).toMatch(/no dependency violations found/);
    expect(code).toBe(0);
  });

  test('is refused for each of them by its own rule', async () => {
    write({
      'platform/b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
      'worker/supervise.ts': 'export const pool = 1;\n',
    });
    write(Object.fromEntries(MISTAKES.map(([, file, text]) => [file, text])));
    const { code, output } = await checkImports(folder);
    expect(code).toBe(1);
    for (const [name, file, , rule] of MISTAKES)
      expect(output, name).toMatch(new RegExp(`${rule}[^\n]*: [^\n]*${file.replaceAll('.', '\\.')}`));
  });
});
