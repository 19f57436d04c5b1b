// Goal: the README tells the truth. Method: its table is the command tree, its DAG runs, its links and pictures exist.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';
import { buildProgram } from '../cli/main.ts';
import { makeProject, removeProject, windlass } from './support/windlass-process.ts';

// Whole processes start here: seconds each on a busy machine.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

const PROJECT = fileURLToPath(new URL('..', import.meta.url));
const README = readFileSync(join(PROJECT, 'README.md'), 'utf8');

test('its table has every command, and no other', () => {
  const shown = [...README.matchAll(/^\| `windlass ([a-z -]+)` \|/gm)].map((match) => match[1]);
  const real = buildProgram().commands.flatMap((command) =>
    command.commands.length === 0 ? [command.name()] : command.commands.map((leaf) => `${command.name()} ${leaf.name()}`),
  );
  expect(shown).toEqual([...new Set(shown)]);
  expect([...shown].sort()).toEqual([...real].sort());
});

test('its DAG has about ten lines, and runs', async () => {
  const source = /```ts\n([\s\S]*?)```/.exec(README)?.[1] as string;
  expect(source.trim().split('\n').length).toBeLessThanOrEqual(11);
  const folder = makeProject();
  writeFileSync(join(folder, 'dags/orders.ts'), source);
  const { stdout, code } = await windlass(['dags', 'test', 'dags/orders.ts'], { folder });
  expect(stdout).toContain('3 orders, 612 in all');
  expect(code).toBe(0);
  removeProject(folder);
});

test('its DAG compiles', { timeout: 120_000 }, () => {
  // Inside the repository, where "windlass" resolves for the compiler as it does for a user who installed it.
  const file = join(PROJECT, 'test/readme.generated.ts');
  writeFileSync(file, /```ts\n([\s\S]*?)```/.exec(README)?.[1] as string);
  const options =
    '--noEmit --strict --target es2024 --module nodenext --types node --skipLibCheck --allowImportingTsExtensions --ignoreConfig';
  const compiled = spawnSync(process.execPath, [join(PROJECT, 'node_modules/typescript/bin/tsc'), ...options.split(' '), file], {
    encoding: 'utf8',
  });
  rmSync(file);
  expect(compiled.stdout).toBe('');
});

test('what it links to is there', () => {
  const links = [...README.matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] as string).filter((link) => !link.startsWith('http'));
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((link) => !existsSync(join(PROJECT, link)))).toEqual([]);
});

test('the settings that it names exist', () => {
  const keys = readFileSync(join(PROJECT, 'platform/config/keys.ts'), 'utf8');
  const named = [...README.matchAll(/\b(WINDLASS_[A-Z_]+[A-Z])\b/g)]
    .map((match) => (match[1] as string).replace(/_FILE$/, ''))
    .filter((name) => !/^WINDLASS_(CONN|VAR)$/.test(name));
  expect([...new Set(named)].filter((name) => !keys.includes(`'${name}'`))).toEqual([]);
});
