/** `npm run fuzz -- --minutes 10 [--seed 1234] [test/fuzz/…]`: the fuzzers of test/fuzz, each for its share of the minutes. */
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
  allowPositionals: true,
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error(`--minutes must be a number above 0, but is ${JSON.stringify(values.minutes)}`);
const suites = positionals.length > 0 ? positionals : ['test/fuzz'];
const files = suites.flatMap((suite) => (suite.endsWith('.ts') ? [suite] : globSync(`${suite}/*.test.ts`, { cwd: ROOT })));
// One share for each call of `fuzz(`.
const shares = files.reduce((sum, file) => sum + [...readFileSync(join(ROOT, file), 'utf8').matchAll(/\bfuzz\(/g)].length, 0);
const { status } = spawnSync(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...suites], {
  cwd: ROOT,
  stdio: 'inherit',
  env: {
    ...process.env,
    FUZZ_SECONDS: String(Math.max(1, (minutes * 60) / Math.max(1, shares))),
    ...(values.seed !== undefined && { FUZZ_SEED: values.seed }),
  },
});
process.exitCode = status ?? 1;
