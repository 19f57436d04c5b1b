/**
 * Goal: whatever breaks (processes, their ways to Postgres and Redis, the servers themselves), every promise of
 * docs/guarantees.md holds, and everything goes on by itself afterwards.
 * Method: real processes behind fault-injecting links; faults and DAGs are a pure function of the seed; bodies write down
 * themselves what they do. A red seed is played again with the command that its verdict prints.
 */
import { execFile } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { Dice } from '#test/support/seeded.ts';
import { cleanEnvironment } from '#test/support/windlass-process.ts';
import { FAULT_KINDS, planFaults } from './nemesis/schedule.ts';
import { proofOf } from './proof.ts';
import { playRounds } from './round.ts';
import { PROJECT } from './sabotage/play.ts';
import { sayVerdict, type Totals } from './verdict.ts';
import { planDags } from './workload/plan.ts';

/** On one cluster, one after the other. */
const SEEDS = [1, 2, 3];
const DURATION_MS = 60_000;
/** A loaded machine is slow to start seven processes, and to come to rest. */
const TIMEOUT_MS = 300_000;
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
      for (const scope of ['postgres', 'redis', 'disk', ...new Set(faults.flatMap((fault) => fault.member ?? []))]) {
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
  return kind.includes('redis') ? 'redis' : kind === 'fill_logs' ? 'disk' : 'postgres';
}

describe('under chaos', () => {
  const rounds = playRounds(SEEDS, { durationMs: DURATION_MS });
  afterAll(async () => {
    await rounds.return();
  }, TIMEOUT_MS);

  it.for(SEEDS)('every promise holds, and work goes on (seed %i)', { timeout: TIMEOUT_MS }, async (seed) => {
    const { value: verdict } = await rounds.next();
    if (verdict === undefined) throw new Error('the round before was red: this one was not played');
    expect(verdict.broken, sayVerdict(verdict)).toEqual([]);
    expect(verdict.seed).toBe(seed);
  });
});

describe('what a green round must show', () => {
  const nothing: Totals = {
    struck: {},
    missed: [],
    links: {},
    starts: 0,
    attempts: {},
    runs: {},
    shardMoves: 0,
    bodies: 0,
    bodiesCutOff: 0,
    samples: 0,
    actions: {},
    apiRetries: 0,
  };
  const enough: Totals = {
    ...nothing,
    struck: { kill: 1, freeze: 1, cut: 1, crash_postgres: 1, flush_redis: 1 },
    links: { cut: 1 },
    attempts: { success: 100, lost: 1 },
    runs: { success: 10 },
    shardMoves: 1,
  };

  it('is faults of every sort, lost leases and work done', () => {
    expect(proofOf(enough, DURATION_MS, FAULT_KINDS).violations).toEqual([]);
    expect(proofOf(nothing, DURATION_MS, FAULT_KINDS).violations).toHaveLength(10);
  });

  it.for<[string, Partial<Totals>]>([
    ['faults of the sort kills', { struck: { ...enough.struck, kill: 0 } }],
    ['faults of the sort freezes', { struck: { ...enough.struck, freeze: 0 } }],
    ['faults of the sort links', { struck: { ...enough.struck, cut: 0 } }],
    ['faults of the sort postgres', { struck: { ...enough.struck, crash_postgres: 0 } }],
    ['faults of the sort redis', { struck: { ...enough.struck, flush_redis: 0 } }],
    ['attempts that succeeded', { attempts: { lost: 1 } }],
    ['attempts that lost their lease', { attempts: { success: 100 } }],
    ['runs that ended', { runs: {} }],
  ])('and is red without %s', ([what, lacks]) => {
    const { violations } = proofOf({ ...enough, ...lacks }, DURATION_MS, FAULT_KINDS);
    expect(violations).toEqual([expect.stringContaining(what)]);
  });
});
