/**
 * `npm run soak -- --minutes 30` (or `--seconds 70` for a first look): steady load on real processes with retention at a high
 * rate, and a verdict on everything that could grow. Exit code 1 when something does. `--every-ms` is the time between two
 * runs. `--plant worker=heap:1` plants a leak of one MB a minute in the worker (`fds:60`, `handles:60`: sixty a minute), to see
 * that it is found; it may be said several times.
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { systemClock } from '#platform/clock.ts';
import { checkInvariants } from '#platform/db/invariants/check-invariants.ts';
import type { Role } from '../harness/cluster.ts';
import { Load } from './load.ts';
import { openStage } from './stage.ts';
import { judge, printNoticed, printVerdicts } from './verdict.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'string' },
    plant: { type: 'string', multiple: true, default: [] },
    'every-ms': { type: 'string', default: '500' },
    rows: { type: 'string' },
  },
});
const lengthMs = values.seconds !== undefined ? Number(values.seconds) * 1_000 : Number(values.minutes ?? '30') * 60_000;
const isShort = lengthMs < 180_000;
/** Long enough for several lives of everything that is kept. */
const keptMs = isShort ? 8_000 : 60_000;
const sampleEveryMs = isShort ? 1_000 : Math.max(2_000, lengthMs / 400);
const WARM_UP_SHARE = 0.3;
/** Before a verdict, and as many before that, in the warm-up: a machine that is busy takes longer, up to so many times. */
const ATTEMPTS_MIN = 200;
/** What is kept for a time goes with the next pass, which comes twice within it. */
const KEPT_IN_FACT = 1.25;
const STRETCH_MAX = 8;
const DAY_MS = 86_400_000;
/** Metrics that are printed though they are flat. */
const ROWS_SHOWN = 15;

const stage = await openStage({ keptMs, sampleEveryMs });
const { cluster } = stage;
let isGood = false;
try {
  isGood = await soak();
} finally {
  await stage.close(isGood);
  if (!isGood) process.stderr.write(`The folder ${stage.folder} is kept, for its logs.\n`);
}
process.exit(isGood ? 0 : 1);

async function soak(): Promise<boolean> {
  const plants = new Map(values.plant.map((one) => one.split('=', 2) as [Role, string]));
  const urls = await stage.startRoles(plants);
  await cluster.parsed(2);
  const load = new Load({
    cluster,
    ...urls,
    runEveryMs: Number(values['every-ms']),
    openRunsMax: 10,
    editEveryMs: isShort ? 1_000 : 3_000,
  });
  const { sampler, attemptsEnded } = stage;
  await load.start();
  const sampleFor = async (ms: number, attempts: number) => {
    const untilAttempts = (await attemptsEnded()) + attempts;
    const [endMs, givenUpMs] = [performance.now() + ms, performance.now() + ms * STRETCH_MAX];
    while (performance.now() < endMs || ((await attemptsEnded()) < untilAttempts && performance.now() < givenUpMs)) {
      const beganMs = performance.now();
      await sampler.sample();
      await systemClock.sleep(Math.max(0, sampleEveryMs - (performance.now() - beganMs)));
    }
  };
  // Caches fill, tables and processes reach their level, everything has lived and gone a few times.
  await sampleFor(Math.max(lengthMs * WARM_UP_SHARE, 3 * keptMs), ATTEMPTS_MIN);
  sampler.forget();
  const warmMs = performance.now();
  const warmAttempts = await attemptsEnded();
  await sampleFor(lengthMs * (1 - WARM_UP_SHARE), ATTEMPTS_MIN);
  await load.stop();
  const attempts = (await attemptsEnded()) - warmAttempts;
  const broken = (await checkInvariants(cluster.db, DAY_MS)).filter((one) => one.violations.length > 0 || one.error !== null);
  const verdicts = judge(sampler.series, sampler.work(keptMs * KEPT_IN_FACT));
  const { counts } = load;
  const seconds = Math.round((performance.now() - warmMs) / 1_000);
  if (values.json !== undefined)
    writeFileSync(values.json, JSON.stringify({ seconds, keptMs, counts, attempts, verdicts, series: Object.fromEntries(sampler.series) }));
  process.stdout.write(
    [
      `${seconds} s after the warm-up; everything is kept for ${keptMs / 1000} s; load of the machine ${loadavg()
        .map((one) => one.toFixed(1))
        .join(' ')}`,
      `${attempts} task attempts meanwhile; in all ${counts.runs} runs, ${counts.edits} edits of a DAG, ${counts.requests} requests, ${counts.streams} pages opened, ${counts.failures} failures`,
      ...counts.failed.map((text) => `  failed: ${text}`),
      ...broken.map((one) => `  broken: ${one.id} ${one.promise} ${one.error ?? one.violations.join('; ')}`),
      '',
      printVerdicts(verdicts, Number(values.rows ?? ROWS_SHOWN)),
      printNoticed(sampler.series),
      '',
    ].join('\n'),
  );
  const didWork = attempts >= ATTEMPTS_MIN && counts.failures < counts.requests / 10;
  if (!didWork) process.stdout.write(`Too little work was done for a verdict: ${ATTEMPTS_MIN} attempts are the least.\n`);
  return didWork && broken.length === 0 && verdicts.every((one) => one.verdict === 'flat');
}
