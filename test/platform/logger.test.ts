/** Goal: the log says what went wrong and never what the error happened to hold. Method: a process of its own that logs, and its stderr. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const LOGGER = new URL('../../platform/logger.ts', import.meta.url).href;

/** Everything that the script logs, one object a line. */
function logOf(script: string) {
  const code = `import { createLogger } from '${LOGGER}'; const logger = createLogger({ level: 'info', format: 'json', service: 's' }); ${script}`;
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
    encoding: 'utf8',
    env: { ...process.env, WINDLASS_SECRET_KEY: 'tall-ship-42' },
  });
  expect(status, stderr).toBe(0);
  return {
    text: stderr,
    lines: stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  };
}

it('of an error, its kind, words, code, causes and place are logged', () => {
  const { lines } = logOf(
    `logger.warn({ err: Object.assign(new TypeError('it broke', { cause: new Error('of rust') }), { code: 'E1' }) }, 'oh');`,
  );
  expect(lines[0].err).toEqual({
    type: 'TypeError',
    message: 'it broke: of rust',
    code: 'E1',
    stack: expect.stringMatching(/TypeError: it broke\n +at[\s\S]*of rust/),
  });
});

it('what hangs on an error is not: neither the process with its environment, nor the command that was refused', () => {
  const { text, lines } = logOf(`
    logger.warn({ err: Object.assign(new Error('too many listeners'), { emitter: process }) }, 'a warning of Node');
    logger.warn({ err: Object.assign(new Error('NOAUTH'), { command: { name: 'auth', args: ['tall-ship-42'] } }) }, 'an error of a client');`);
  expect(lines.map((line) => line.err.message)).toEqual(['too many listeners', 'NOAUTH']);
  expect(text).not.toContain('tall-ship-42');
  expect(text.length).toBeLessThan(5_000);
});
