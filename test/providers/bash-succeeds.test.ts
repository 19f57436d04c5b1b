/** Goal: a sensor waits until a command succeeds. Method: run the sensor as a task process would, with real commands. */
import { expect, it } from 'vitest';
import { dag } from 'windlass';
import { bashSucceeds } from 'windlass/providers/bash';
import { attemptTask } from '#test/support/task-attempt.ts';

const ask = async (command: string, options = {}) =>
  (
    await attemptTask(
      dag('d', {}, ({ sensor }) => void sensor('s', bashSucceeds(command, options))),
      's',
    )
  ).result;

it('is there with exit code 0, and gives the last line', async () => {
  expect(await ask('echo one; echo two')).toMatchObject({ outcome: 'success', value: 'two' });
});

it('is not there yet with any other, and says which', async () => {
  expect(await ask('exit 3')).toMatchObject({ outcome: 'reschedule', note: 'exit code 3' });
});

it('fails with the code that means so, and for good when there is nothing to run it in', async () => {
  expect(await ask('exit 3', { retryExitCode: 3 })).toMatchObject({ outcome: 'failed', retryable: true });
  expect(await ask('true', { cwd: '/nowhere' })).toMatchObject({ outcome: 'failed', retryable: false });
});
