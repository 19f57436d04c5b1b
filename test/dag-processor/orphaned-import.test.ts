// Goal: a file with an endless loop does not spin for ever when the scheduler that imports it is killed. Method: the
// caged process with a small limit, and nobody to kill it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isAlive } from '#platform/embedded/process-identity.ts';
import { until } from '#test/support/until.ts';

test('the kernel ends an orphan that uses the processor without end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-orphan-'));
  writeFileSync(join(folder, 'loop.mjs'), 'for (;;) {}');
  const parentFile = join(folder, 'parent.mjs');
  const cagedProcess = new URL('../../platform/plugins/caged-process.ts', import.meta.url).href;
  const clock = new URL('../../platform/clock.ts', import.meta.url).href;
  writeFileSync(
    parentFile,
    `import { systemClock } from ${JSON.stringify(clock)};
     import { CagedProcess } from ${JSON.stringify(cagedProcess)};
     const nothing = () => {};
     const child = new CagedProcess({ memoryMb: 64, readable: [${JSON.stringify(folder)}], script: ${JSON.stringify(join(folder, 'loop.mjs'))}, messageCharsMax: 100,
       cpuSecondsMax: 1, clock: systemClock, onBloat: nothing, onMessage: nothing, onOverflow: nothing, onOutput: nothing, onEnd: nothing });
     process.stdout.write(String(child.pid) + '\\n');`,
  );
  const parent = spawn(process.execPath, [parentFile], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  parent.stdout.on('data', (chunk) => {
    said += chunk;
  });
  await until(() => said.includes('\n'), { what: 'the child runs' });
  parent.kill('SIGKILL');
  const orphan = Number(said);
  expect(orphan).toBeGreaterThan(1);
  await until(() => !isAlive(orphan), { deadlineMs: 25_000, what: 'the orphan is ended' });
  rmSync(folder, { recursive: true });
});
