/** Goal: dags test calls callbacks and takes answers, without a database. Method: the program itself over a DAG file. */
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const run = promisify(execFile);
const PROGRAM = fileURLToPath(new URL('../../bin/windlass.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'windlass-dags-test-people-'));
const file = join(folder, 'asks.ts');
writeFileSync(
  file,
  `
import { dag } from 'windlass';
import { z } from 'zod';
export default dag('asks', {
  onSuccessCallback: function tellAll(event) { event.ctx.log.info('the run is over: ' + event.reason); },
}, ({ approval, task }) => {
  const ok = approval('ask', {}, { subject: 'Pay out?', options: ['pay', 'hold'], rejects: 'hold', form: z.object({ cap: z.number() }) });
  task('pay', { ok }, ({ ok }, ctx) => ctx.log.info('paid by ' + ok.by + ' up to ' + ok.form.cap), {
    onSuccessCallback: [(event) => event.ctx.log.info('told of ' + event.task.id), () => { throw new Error('no network'); }],
  });
});
`,
);

const test = (...args: string[]) =>
  run(process.execPath, [PROGRAM, 'dags', 'test', file, ...args], { env: { PATH: process.env['PATH'], HOME: folder }, cwd: folder }).then(
    (done) => ({ code: 0, text: done.stdout + done.stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({ code: error.code, text: error.stdout + error.stderr }),
  );

it('an answer with a form lets the run go on, and callbacks are called once each', { timeout: 60_000 }, async () => {
  const { code, text } = await test('--answer', 'ask={"options": "pay", "form": {"cap": 9}}');
  expect(text).toContain('paid by cli up to 9');
  expect(text).toContain('told of pay');
  expect(text).toContain('callback function failed: no network');
  expect(text).toContain('the run is over: success');
  expect(code).toBe(0);
});

it('a rejection skips what follows; a wrong or a missing answer says what to give', { timeout: 60_000 }, async () => {
  const rejected = await test('--answer', 'ask={"options": "hold", "form": {"cap": 1}}');
  expect(rejected.text).toMatch(/pay\s+skipped/);
  const wrong = await test('--answer', 'ask=perhaps');
  expect(wrong.text).toContain('There is no option "perhaps". The options: pay, hold.');
  const missing = await test();
  expect(missing).toMatchObject({
    code: 1,
    text: expect.stringContaining('nobody is here to answer "Pay out?". Give it: --answer ask=pay'),
  });
});
