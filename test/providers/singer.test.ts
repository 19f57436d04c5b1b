// Goal: a Singer tap and target run as processes, the state that the target confirms is where the next run goes on, and a program that
// fails is named with its last words. Method: a tiny tap and target; files on disk.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import type { Ctx } from '#sdk/context.ts';
import { singer } from '../../providers/singer/index.ts';

let folder: string;
const logs: string[] = [];
const program = (name: string) => [process.execPath, new URL(`./fixtures/singer-${name}.mjs`, import.meta.url).pathname];
const run = (config: object, command = program('tap')) => {
  const log = { info: (line: string) => void logs.push(line) };
  const ctx = { signal: new AbortController().signal, log, scratch: folder } as unknown as Ctx<unknown>;
  const target = { command: program('target'), config: async () => ({ path: join(folder, 'out.txt') }) };
  return singer({ tap: { command, config }, target, stateFile: join(folder, 'states/numbers.json') })(ctx);
};
const state = () => JSON.parse(readFileSync(join(folder, 'states/numbers.json'), 'utf8')) as unknown;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-singer-'));
  return () => rmSync(folder, { recursive: true, force: true });
});

it('moves records, and goes on after the confirmed state', async () => {
  expect(await run({ upTo: 3 })).toEqual({ records: 3, streams: { numbers: 3 }, state: { last: 3 } });
  expect(await run({ upTo: 5 })).toEqual({ records: 2, streams: { numbers: 2 }, state: { last: 5 } });
  expect(readFileSync(join(folder, 'out.txt'), 'utf8').trim().split('\n')).toEqual([1, 2, 3, 4, 5].map((id) => `numbers ${id}`));
  // Their configuration holds secrets.
  expect(readdirSync(folder).sort()).toEqual(['out.txt', 'states']);
});

it('keeps what was confirmed before a tap fails, and says what the tap said', async () => {
  await expect(run({ upTo: 2, fails: true })).rejects.toThrow(/ended with exit code 3: the tap has run dry/);
  expect(state()).toEqual({ last: 2 });
  expect(await run({ upTo: 3 })).toMatchObject({ records: 1, state: { last: 3 } });
});

it('names a program that is not there', async () => {
  await expect(run({ upTo: 1 }, ['tap-nowhere'])).rejects.toThrow(/tap-nowhere cannot be started.*PATH/);
  expect(existsSync(join(folder, 'states/numbers.json'))).toBe(false);
});
