/** Goal: ignore files mean what the same lines mean in a .gitignore. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { listDagFiles } from '#platform/dag-files.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-ignore-'));
  for (const file of ['a.ts', 'draft_a.ts', 'old/a.ts', 'team/a.ts', 'team/draft_b.ts', 'team/old/a.ts', 'team/keep/draft_c.ts'])
    save(file, '');
});
afterEach(() => rmSync(folder, { recursive: true }));

function save(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

const files = async () => (await listDagFiles(folder)).map((file) => relative(folder, file));

it.each([
  ['draft_*.ts', ['a.ts', 'old/a.ts', 'team/a.ts', 'team/old/a.ts']],
  ['/draft_*.ts', ['a.ts', 'old/a.ts', 'team/a.ts', 'team/draft_b.ts', 'team/keep/draft_c.ts', 'team/old/a.ts']],
  ['old/', ['a.ts', 'draft_a.ts', 'team/a.ts', 'team/draft_b.ts', 'team/keep/draft_c.ts']],
  ['team/old', ['a.ts', 'draft_a.ts', 'old/a.ts', 'team/a.ts', 'team/draft_b.ts', 'team/keep/draft_c.ts']],
  ['team/**', ['a.ts', 'draft_a.ts', 'old/a.ts']],
  ['draft_*.ts\n!draft_b.ts', ['a.ts', 'old/a.ts', 'team/a.ts', 'team/draft_b.ts', 'team/old/a.ts']],
  ['# nothing\n\n', ['a.ts', 'draft_a.ts', 'old/a.ts', 'team/a.ts', 'team/draft_b.ts', 'team/keep/draft_c.ts', 'team/old/a.ts']],
])('%j leaves the right files', async (text, left) => {
  save('.airflowignore', text);
  expect(await files()).toEqual(left);
});

it('holds in its own folder and below, and may take back what a folder above ignores', async () => {
  save('.windlassignore', 'draft_*.ts\n');
  save('team/.airflowignore', 'a.ts\n!draft_*.ts\n');
  expect(await files()).toEqual(['a.ts', 'old/a.ts', 'team/draft_b.ts', 'team/keep/draft_c.ts']);
});
