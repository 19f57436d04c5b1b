// Goal: the table of probes is the truth about the code. Method: read every source file and compare its calls with the table.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { handleProbes, probe } from '#platform/probes/probe.ts';
import { PROBES, type Probe, type ProbeName } from '#platform/probes/probe-table.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.ts', '*.tsx', '*.mjs'], {
  cwd: PROJECT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(PROJECT, file)))
  .map((file) => ({ file, text: readFileSync(join(PROJECT, file), 'utf8') }));
const CALLS = FILES.filter(({ file }) => !/^(test|bench)\//.test(file)).flatMap(({ file, text }) =>
  [...text.matchAll(/\bprobe\('([^']*)'\)/g)].map(([, name = '']) => ({ name, room: dirname(file) })),
);

test('every probe of the table is called, once, in the room it names', () => {
  const table = Object.entries<Probe>(PROBES).map(([name, { room }]) => ({ name, room }));
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  const called = CALLS.map(({ name, room }) => ({ name, room: isBelow(room, PROBES[name as ProbeName]?.room) ? roomOf(name) : room }));
  expect(called.toSorted(byName)).toEqual(table.toSorted(byName));
});

test('no probe is called by a name that this test cannot read', () => {
  const unreadable = FILES.filter(({ file }) => !/^(test|bench)\/|platform\/probes\/probe\.ts$/.test(file)).filter(
    ({ text }) => [...text.matchAll(/\bprobe\(/g)].length !== [...text.matchAll(/\bprobe\('[^']*'\)/g)].length,
  );
  expect(unreadable.map(({ file }) => file)).toEqual([]);
});

test('only tests can arm a probe', () => {
  const arming = FILES.filter(({ text }) => /\bhandleProbes\b/.test(text)).map(({ file }) => file);
  expect(arming.filter((file) => !file.startsWith('test/'))).toEqual(['platform/probes/probe.ts']);
});

test('a probe that nobody armed does nothing, and one that is armed may throw', () => {
  expect(probe('publish.before_add')).toBeUndefined();
  const seen: string[] = [];
  handleProbes((name) => {
    seen.push(name);
    throw new Error('armed');
  });
  expect(() => probe('publish.before_add')).toThrow('armed');
  handleProbes(null);
  expect(probe('publish.before_add')).toBeUndefined();
  expect(seen).toEqual(['publish.before_add']);
});

function roomOf(name: string): string | undefined {
  return (PROBES as Readonly<Record<string, Probe>>)[name]?.room;
}

function isBelow(folder: string, room: string | undefined): boolean {
  return room !== undefined && (folder === room || folder.startsWith(`${room}/`));
}
