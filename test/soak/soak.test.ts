// Goal: the soak tells a leak from noise, and finds one that is planted.
// Method: series made by hand; a process that leaks, or does not, watched as the soak watches.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { systemClock } from '#platform/clock.ts';
import { until } from '#test/support/until.ts';
import { readProcess } from '../../bench/soak/sampler.ts';
import { leastNoticed, type Sample, trendOf } from '../../bench/soak/trend.ts';
import { judge, printNoticed, printVerdicts } from '../../bench/soak/verdict.ts';

vi.setConfig({ testTimeout: 900_000 });

const series = (length: number, value: (n: number) => number): readonly Sample[] =>
  Array.from({ length }, (_, n) => ({ atMs: n * 1_000, value: value(n) }));
const noise = (n: number) => ((n * 7_919) % 13) - 6;
const tolerance = { absolute: 10, share: 0.1 };
const verdictOf = (length: number, value: (n: number) => number) => trendOf(series(length, value), tolerance).verdict;

describe('a series', () => {
  it.each<[string, (n: number) => number, string]>([
    ['that is noisy around its level is flat', (n) => 100 + noise(n), 'flat'],
    ['with the teeth of a saw is flat', (n) => 100 + (n % 20) * 4, 'flat'],
    ['with a few high peaks is flat', (n) => (n % 31 === 0 ? 900 : 100), 'flat'],
    ['that falls is flat', (n) => 200 - n, 'flat'],
    ['that grows slowly below its noise is growing', (n) => 100 + n * 0.3 + noise(n), 'growing'],
    ['that grows like stairs is growing', (n) => 100 + Math.floor(n / 25) * 12, 'growing'],
    ['that is small and doubles is growing', (n) => 4 + n / 4, 'growing'],
  ])('%s', (_, value, verdict) => {
    expect(verdictOf(120, value)).toBe(verdict);
  });

  it('that is too short is neither', () => {
    expect(verdictOf(8, (n) => n * 100)).toBe('not enough samples');
  });

  it('of rows is judged by the work that was done: more runs within the time they are kept are more rows', () => {
    const pace = series(60, (n) => (n < 30 ? 50 : 200));
    const rows = new Map([['rows dag_run', series(60, (n) => (n < 30 ? 500 : 2_000))]]);
    expect(judge(rows).map((one) => one.verdict)).toEqual(['growing']);
    expect(judge(rows, pace).map((one) => one.verdict)).toEqual(['flat']);
    const left = new Map([['rows dag_run', series(60, (n) => (n < 30 ? 500 : 2_000) + n * 10)]]);
    expect(
      judge(
        left,
        series(60, () => 100),
      ).map((one) => one.verdict),
    ).toEqual(['growing']);
  });

  it('tells how small a leak it would have shown, and shows one of that size', () => {
    const flat = series(600, (n) => 100 + noise(n));
    const least = leastNoticed(flat, tolerance);
    expect(least).toBeGreaterThan(0.5); // 600 s, and growth of 10 is allowed
    expect(least).toBeLessThan(1.5);
    const leaking = flat.map(({ atMs, value }) => ({ atMs, value: value + (atMs / 60_000) * least * 1.01 }));
    expect([trendOf(flat, tolerance).verdict, trendOf(leaking, tolerance).verdict]).toEqual(['flat', 'growing']);
    expect(printNoticed(new Map([['heap worker', flat]]))).toMatch(/noticed everywhere: [\d.]+ MB a minute \(heap worker\)/);
  });

  it('is shown with its growth, the growing ones always', () => {
    const text = printVerdicts(
      judge(
        new Map([
          ['heap worker', series(60, (n) => 20 + n)],
          ['fds worker', series(60, () => 30)],
        ]),
      ),
      1,
    );
    expect(text).toMatch(/heap worker +[\d.]+ MB .* growing/);
    expect(text).toContain('(1 more that are flat)');
    expect(text).toContain('1 of 2 metrics grow.');
  });
});

describe('a process', () => {
  it.for(['', 'heap:1200', 'fds:4500', 'handles:4500'])('with the plant "%s" shows growth there and nowhere else', async (plant) => {
    const folder = mkdtempSync(join(tmpdir(), 'windlass-soak-'));
    const watcher = fileURLToPath(new URL('../../bench/soak/say-memory.ts', import.meta.url));
    const child = spawn(process.execPath, ['--no-warnings', '--import', watcher, '-e', 'setInterval(() => {}, 1_000)'], {
      env: { PATH: process.env['PATH'], SOAK_SAMPLES_FOLDER: folder, SOAK_SAMPLE_EVERY_MS: '40', SOAK_PLANT: plant },
      stdio: 'inherit',
    });
    const pid = child.pid as number;
    const seen = new Map<string, Sample[]>();
    const look = () => {
      const sample = readProcess(pid, folder);
      if (sample.length < 7) return false;
      for (const [kind, value] of sample) {
        if (!seen.has(kind)) seen.set(kind, []);
        seen.get(kind)?.push({ atMs: systemClock.monotonic(), value });
      }
      return (seen.get('heap')?.length ?? 0) >= 60;
    };
    try {
      await until(look, { deadlineMs: 60_000, what: 'sixty samples' });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'close');
      rmSync(folder, { recursive: true, force: true });
    }
    // Without the first samples, of its start.
    const settled = new Map([...seen].map(([kind, samples]) => [kind, samples.slice(15)]));
    const growing = judge(settled).filter((one) => one.verdict === 'growing' && one.metric !== 'rss');
    expect(growing.map((one) => one.metric)).toEqual(plant === '' ? [] : [plant.split(':', 1)[0]]);
  });
});
