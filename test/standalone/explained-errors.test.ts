/** Goal: what keeps standalone from starting is said with a next step that works. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { testConfig } from '#test/support/config.ts';
import { explainFileError } from '../../cli/standalone/explain-file-error.ts';

function failureOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

const file = join(mkdtempSync(join(tmpdir(), 'windlass-explained-')), 'file');
writeFileSync(file, '');

it.each([
  ['a file', file],
  ['a folder below a file', join(file, 'below')],
  ['a name longer than any', join(tmpdir(), 'x'.repeat(300))],
])('a data folder that is %s', (_, path) => {
  const error = failureOf(() => mkdirSync(path, { recursive: path !== file }));
  expect(explainFileError(error, testConfig({}))).toMatchObject({
    code: 'DATA_FOLDER_BROKEN',
    message: expect.stringMatching(/cannot be a folder .* Choose another name: WINDLASS_DATA_FOLDER/),
  });
});
