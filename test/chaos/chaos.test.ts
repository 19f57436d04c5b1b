/**
 * Goal: whatever breaks (processes, their ways to Postgres and Redis, the servers themselves), every promise of
 * docs/guarantees.md holds, and everything goes on by itself afterwards.
 * Method: real processes behind fault-injecting links; faults and DAGs are a pure function of the seed; bodies write down
 * themselves what they do. A red seed is played again with the command that its verdict prints.
 */
import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Dice } from '#test/support/seeded.ts';
import { cleanEnvironment } from '#test/support/windlass-process.ts';
import { FAULT_KINDS, planFaults } from './nemesis/schedule.ts';
import { playRound } from './round.ts';
import { PROJECT } from './sabotage/play-sabotaged.ts';
import { finishedRuns, sayVerdict } from './verdict.ts';
import { planDags } from './workload/plan.ts';

/** One with the suite; `npm run chaos -- --minutes 1 --rounds 3` plays more. */
const SEEDS = [1];
const DURATION_MS = 60_000;
/** A loaded machine is slow to start seven processes, and to come to rest. */
const TIMEOUT_MS = 300_000;
const FINISHED_RUNS_MIN = 5;
const FAULTS_MIN = 15;

describe('a plan of chaos', () => {
  it('is the same for the same seed, and another for another', () => {
    const options = { durationMs: DURATION_MS, gapMs: [400, 1_800], kinds: FAULT_KINDS } as const;
    expect(planFaults({ ...options, seed: 7 })).toEqual(planFaults({ ...options, seed: 7 }));
    expect(planFaults({ ...options, seed: 7 })).not.toEqual(planFaults({ ...options, seed: 8 }));
    expect(planDags(7, 6)).toEqual(planDags(7, 6));
    expect(planDags(7, 6)).not.toEqual(planDags(8, 6));
  });

  it('strikes the same thing once at a time, and is over in time', () => {
    for (let seed = 0; seed < 50; seed++) {
      const faults = planFaults({ seed, durationMs: DURATION_MS, gapMs: [400, 1_800], kinds: FAULT_KINDS });
      expect(faults.length).toBeGreaterThan(FAULTS_MIN);
      for (const fault of faults) expect(fault.atMs + fault.forMs).toBeLessThanOrEqual(DURATION_MS);
      for (const scope of ['postgres', 'redis', ...new Set(faults.flatMap((fault) => fault.member ?? []))]) {
        const mine = faults.filter((fault) => fault.link === null && (fault.member ?? scopeOf(fault.kind)) === scope);
        for (const [number, fault] of mine.entries())
          expect(mine[number + 1]?.atMs ?? Number.POSITIVE_INFINITY, `seed ${seed}, ${scope}`).toBeGreaterThanOrEqual(
            fault.atMs + fault.forMs,
          );
      }
    }
  });

  it('draws from a source of its own for each part, so that one part leaves the others as they were', () => {
    const [a, b] = [new Dice(1), new Dice(1)];
    a.fork().int(0, 9);
    b.fork();
    expect(a.int(0, 1_000_000)).toBe(b.int(0, 1_000_000));
  });
});

describe('npm run chaos', () => {
  it('starts without a test runner, and says which faults there are', async () => {
    const { code, stderr } = await run(['test/chaos/main.ts', '--kinds', 'earthquake']);
    expect(stderr).toContain('there is no fault earthquake; there are kill, ');
    expect(code).toBe(1);
  });
});

function run(args: readonly string[]): Promise<{ readonly code: number | null; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: PROJECT, env: cleanEnvironment() }, (error, _stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stderr }),
    );
  });
}

function scopeOf(kind: string): string {
  return kind.includes('redis') ? 'redis' : 'postgres';
}

describe('under chaos', () => {
  it.for(SEEDS)('every promise holds, and work goes on (seed %i)', { timeout: TIMEOUT_MS }, async (seed) => {
    const verdict = await playRound({ seed, durationMs: DURATION_MS });
    expect(verdict.broken, sayVerdict(verdict)).toEqual([]);
    // Nothing done, or nothing broken, would hold every promise too.
    expect(finishedRuns(verdict), sayVerdict(verdict)).toBeGreaterThan(FINISHED_RUNS_MIN);
    const { struck, links, attempts, shardMoves } = verdict.totals;
    expect(
      Object.values(struck).reduce((sum, n) => sum + n, 0),
      sayVerdict(verdict),
    ).toBeGreaterThan(FAULTS_MIN);
    expect({ kills: struck['kill'], cut: links['cut'], lost: attempts['lost'], shardMoves }).toEqual({
      kills: expect.any(Number),
      cut: expect.any(Number),
      lost: expect.any(Number),
      shardMoves: expect.any(Number),
    });
  });
});
