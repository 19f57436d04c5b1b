/** Goal: one self-contained, deterministic module from any DAG file. Method: bundle small folders and import the result. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { brandOf, DAG } from '#sdk/brands.ts';
import type { DagDefinition } from '#sdk/definition.ts';
import { type BundleOptions, bundleFile } from '../../scheduler/dag-processor/bundle.ts';

function folderOf(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-bundle-test-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

async function bundle(files: Record<string, string>, more: Partial<BundleOptions> = {}) {
  const folder = folderOf(files);
  return bundleFile(join(folder, 'main.ts'), { dags: folder, plugins: join(folder, 'plugins'), sdk: 'inside', ...more });
}

async function load(code: string): Promise<Record<string, unknown>> {
  const file = join(folderOf({ 'bundle.mjs': code }), 'bundle.mjs');
  return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
}

const CONNECTORS = new URL('../../sdk/runtime/connectors.ts', import.meta.url).href;
const DAG_FILE = 'import { dag } from "windlass";\nexport default dag("d", {}, ({ task }) => { task("a", () => 1); });\n';

test('the same sources in another folder give the same hash', async () => {
  expect((await bundle({ 'main.ts': DAG_FILE })).hash).toBe((await bundle({ 'main.ts': DAG_FILE })).hash);
});

test('zod, CommonJS packages and the own helper modules are inlined', async () => {
  const text = `import { z } from "zod";\nimport pg from "pg";\nimport { two } from "./lib/two.ts";\n${DAG_FILE}export const seen = [typeof z.object, typeof pg.Client, two];\n`;
  const made = await bundle({ 'main.ts': text, 'lib/two.ts': 'export const two = 2;' });
  expect((await load(made.code))['seen']).toEqual(['function', 'function', 2]);
  expect(made.files.map((file) => file.split('/').slice(-2).join('/')).sort()).toEqual(['lib/two.ts', expect.stringMatching(/main\.ts$/)]);
});

test('a file that makes its own require, or uses the one of the bundle, is fine', async () => {
  const own = `import { createRequire } from "node:module";\nconst require = createRequire(import.meta.url);\nexport const sep = require("node:path").sep;\n${DAG_FILE}`;
  expect((await load((await bundle({ 'main.ts': own })).code))['sep']).toBe('/');
});

test('JSON is imported with and without import attributes', async () => {
  const text = `import a from "./a.json" with { type: "json" };\nimport b from "./b.json";\n${DAG_FILE}export const seen = [a, b];`;
  const made = await bundle({ 'main.ts': text, 'a.json': '[1]', 'b.json': '{"b":2}' });
  expect((await load(made.code))['seen']).toEqual([[1], { b: 2 }]);
  expect(made.files.map((file) => file.split('/').at(-1)).sort()).toEqual(['a.json', 'b.json', 'main.ts']);
});

test('what providers load when a task needs it is named, not inlined, and found in the installation', async () => {
  const text = `import { readCsvBatches } from "windlass/providers/csv";
    import { writeParquet } from "windlass/providers/parquet";
    ${DAG_FILE}
    export const made = writeParquet("n.parquet", readCsvBatches([Buffer.from("n\\n1\\n2\\n")], { types: { n: "int64" } }));`;
  const made = await bundle({ 'main.ts': text });
  expect(made.code.match(/import\("[^"]*parquet-wasm[^"]*"\)/g)).toEqual(['import("windlass-connector:parquet-wasm")']);
  expect(made.code.includes('parquet_wasm_bg')).toBe(false);
  const folder = folderOf({
    'bundle.mjs': made.code,
    'run.mjs': `import { registerConnectors } from ${JSON.stringify(CONNECTORS)};
      registerConnectors();
      const { made } = await import('./bundle.mjs');
      process.stdout.write(JSON.stringify(await made));`,
  });
  const output = execFileSync(process.execPath, [join(folder, 'run.mjs')], { cwd: folder, encoding: 'utf8' });
  expect(JSON.parse(output)).toMatchObject({ rows: 2, columns: ['n'] });
});

test('providers and plugins resolve from any folder', async () => {
  const text = `import { bash } from "windlass/providers/bash";\nimport { x } from "windlass/plugins/own";\n${DAG_FILE}export const seen = [bash.name, x];`;
  const made = await bundle({ 'main.ts': text, 'plugins/own.ts': 'export const x = 5;' });
  expect((await load(made.code))['seen']).toEqual(['bash', 5]);
});

test.each([
  ['windlass/providers/bsh', /"windlass\/providers\/bsh" does not exist in this Windlass/],
  ['windlass/sdk', /is nothing that Windlass exports/],
  ['no-such-package', /Could not resolve "no-such-package"/],
])('an import of %s is an error at its line', async (name, message) => {
  await expect(bundle({ 'main.ts': `\nimport "${name}";\n${DAG_FILE}` })).rejects.toMatchObject({
    message: expect.stringMatching(message),
    position: { line: 2 },
  });
});

test('macros of plugins are in the bundle of a file that mentions them, and in no other', async () => {
  const plugin =
    'import { definePlugin } from "windlass";\nexport default definePlugin({ name: "own", macros: { twice: (n: number) => n * 2 } });\n';
  const asked: string[] = [];
  const make = async (body: string) => {
    const folder = folderOf({ 'main.ts': DAG_FILE.replace('() => 1', body), 'plugins/own.ts': plugin });
    const macroPlugins = async () => {
      asked.push(body);
      return [join(folder, 'plugins/own.ts')];
    };
    const { code } = await bundleFile(join(folder, 'main.ts'), {
      dags: folder,
      plugins: join(folder, 'plugins'),
      sdk: 'inside',
      macroPlugins,
    });
    const found = (await load(code))['default'];
    expect(brandOf(found, DAG)).toBe(1);
    return found as DagDefinition;
  };
  expect((await make('(ctx) => ctx.macros.own.twice(2)')).macros['own']?.['twice']?.(4)).toBe(8);
  expect((await make('() => 2')).macros).toEqual({});
  expect(asked).toEqual(['(ctx) => ctx.macros.own.twice(2)']);
});
