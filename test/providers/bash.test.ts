/** Goal: shell commands as tasks end as the command did, and leave nothing behind. Real bash. */
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dag } from '#sdk/index.ts';
import { attemptTask } from '#test/support/task-attempt.ts';
import { until } from '#test/support/until.ts';
import { type BashInput, bash } from '../../providers/bash/index.ts';

const run = (input: BashInput, signal?: AbortSignal) =>
  attemptTask(
    dag('d', {}, ({ task }) => task('t', input, bash)),
    't',
    signal ? { signal } : {},
  );

test('output comes line by line, the result is the last line', async () => {
  const { result, logs } = await run({ command: 'echo one; echo two >&2; printf three' });
  expect(result).toMatchObject({ outcome: 'success', value: { exitCode: 0, lastLine: 'three' } });
  expect(logs.map(([, line]) => line).sort()).toEqual(['one', 'three', 'two']);
});

test('values come through the environment, and so does the run', async () => {
  const { result } = await run({ command: 'echo "$NAME of $WINDLASS_DAG_ID in $PWD"', env: { NAME: '"; rm -rf /' }, cwd: '/tmp' });
  expect(result).toMatchObject({ value: { lastLine: '"; rm -rf / of d in /tmp' } });
});

test.each([
  [
    'fails with its exit code',
    'exit 7',
    { outcome: 'failed', retryable: true, error: { message: expect.stringContaining('exit code 7') } },
  ],
  ['skips with exit code 99', 'exit 99', { outcome: 'skipped' }],
  ['fails when a signal ends it', 'kill -KILL $$', { outcome: 'failed', error: { message: 'The command was ended by SIGKILL.' } }],
])('a command %s', async (_name, command, expected) => {
  expect((await run({ command })).result).toMatchObject(expected);
});

test('a folder that does not exist is named', async () => {
  expect((await run({ command: 'true', cwd: '/no/such' })).result).toMatchObject({
    outcome: 'failed',
    error: { message: expect.stringContaining('the folder /no/such') },
  });
});

test('inputs that do not fit are refused without a retry', async () => {
  const { result } = await run({ comand: 'true' } as never);
  expect(result).toMatchObject({
    outcome: 'failed',
    retryable: false,
    error: { message: expect.stringMatching(/command: must be text.*Did you mean "command"/) },
  });
});

test('an abort ends the command and everything it started', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-bash-test-'));
  const abort = new AbortController();
  const running = run({ command: 'sleep 300 & echo $! > child; echo ready > ready; wait', cwd: folder }, abort.signal);
  await until(async () => existsSync(join(folder, 'ready')), { deadlineMs: 5_000, what: 'the command' });
  abort.abort(new Error('cancelled'));
  expect((await running).result).toMatchObject({ outcome: 'failed' });
  const pid = Number(readFileSync(join(folder, 'child'), 'utf8'));
  await until(async () => !isAlive(pid), { deadlineMs: 5_000, what: 'the end of the child' });
});

test('what a command leaves in the background ends with the task', async () => {
  const { result } = await run({ command: 'sleep 300 & echo $!' });
  const pid = Number((result as { value: { lastLine: string } }).value.lastLine);
  await until(async () => !isAlive(pid), { deadlineMs: 5_000, what: 'the end of the background process' });
});

/** A zombie nobody waits for yet counts as ended. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('several exit codes may skip, or none', async () => {
  expect((await run({ command: 'exit 4', skipOnExitCode: [3, 4] })).result).toMatchObject({ outcome: 'skipped' });
  expect((await run({ command: 'exit 99', skipOnExitCode: null })).result).toMatchObject({ outcome: 'failed' });
});

test('an output processor makes a value of the last line', async () => {
  const { result } = await run({ command: `echo noise; echo '{"rows": 3}'`, outputProcessor: (line) => JSON.parse(line) as unknown });
  expect(result).toMatchObject({ value: { lastLine: '{"rows": 3}', value: { rows: 3 } } });
});

test('appendEnv: false gives the command its own environment only', async () => {
  const command = 'echo "$(printenv HOME || echo none) $MINE $WINDLASS_TASK_ID"';
  expect((await run({ command, env: { MINE: 'mine', PATH: '/usr/bin:/bin' }, appendEnv: false })).result).toMatchObject({
    value: { lastLine: 'none mine t' },
  });
});

test('output in another encoding arrives as text', async () => {
  expect((await run({ command: `printf 'caf\\xe9\\n'`, outputEncoding: 'latin1' })).result).toMatchObject({ value: { lastLine: 'café' } });
});

test('an input of the wrong kind is refused by name', async () => {
  const { result } = await run({ command: 'true', skipOnExitCode: 'one' as never });
  expect(result).toMatchObject({
    outcome: 'failed',
    retryable: false,
    error: { message: expect.stringContaining('skipOnExitCode: must be an exit code') },
  });
});
