/** Goal: every DAG file is found, wherever the folder lies. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listDagFiles } from '#platform/dag-files.ts';

it.each([tmpdir(), '/dev/shm'])('finds DAG files in a folder below %s', async (parent) => {
  const folder = mkdtempSync(join(parent, 'windlass-dag-files-'));
  writeFileSync(join(folder, 'one.ts'), '');
  writeFileSync(join(folder, 'types.d.ts'), '');
  expect(await listDagFiles(folder)).toEqual([join(folder, 'one.ts')]);
  rmSync(folder, { recursive: true });
});
