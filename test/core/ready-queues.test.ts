/**
 * Goal: what is ready is queued in a fair order within every limit. The laws (limits hold in every prefix, no slot stays
 * idle while something could use it, nothing starves) are played through with random DAGs, pools and weights.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskSpec } from '#core/dag-spec.ts';
import { type DagIndex, indexDag } from '#core/scheduling/dag-index.ts';
import type { Surroundings } from '#core/scheduling/queue-surroundings.ts';
import { type Choice, ReadyQueues } from '#core/scheduling/ready-queues.ts';
import { type Instance, type InstanceRow, RunModel } from '#core/scheduling/run-model.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';

interface Planned {
  readonly mapIndex?: number;
  readonly state?: 'scheduled' | 'running';
  readonly pool?: string;
  readonly poolSlots?: number;
  readonly weight?: number;
  readonly since?: number;
}

let runs = 0;
function aRun(index: DagIndex, planned: readonly Planned[], runAfterMs = 0): RunModel {
  const dagRunId = `r${++runs}`;
  const rows = planned.map(
    (plan, number): InstanceRow => ({
      id: `${dagRunId}-${number}`,
      taskId: 'a',
      mapIndex: plan.mapIndex ?? number,
      state: plan.state ?? 'scheduled',
      tryNumber: 1,
      leaseEpoch: 0,
      pool: plan.pool ?? 'p',
      poolSlots: plan.poolSlots ?? 1,
      queue: 'default',
      priorityWeight: plan.weight ?? 1,
      nextTryAtMs: null,
      queuedAtMs: null,
      followed: null,
      reason: null,
      readySinceMs: plan.since ?? 0,
    }),
  );
  const row = { dagRunId, dagId: index.spec.dagId, runId: dagRunId, runType: 'manual', shard: 0, state: 'running' as const };
  return new RunModel({ ...row, runAfterMs, logicalDateMs: null, startedAtMs: 0, params: {}, revision: 0 }, index, rows, new Map());
}

const aDag = (dagId: string, change: Partial<TaskSpec> = {}, maxActiveTasks = 10_000) =>
  indexDag(aDagSpec(dagId, [aTask('a', change)], { maxActiveTasks }));

/** Pools, runs and a worker that ends what it is told to; the caller's side of the queues. */
class Place {
  readonly queues = new ReadyQueues(3_600_000, (run) => this.runs.includes(run));
  readonly runs: RunModel[] = [];
  readonly running: { readonly run: RunModel; readonly instance: Instance }[] = [];
  readonly limits: Readonly<Record<string, number>>;
  parallelism = 1_000_000;
  nowMs = 0;
  #changed = new Set<string>();

  constructor(limits: Readonly<Record<string, number>>) {
    this.limits = limits;
  }

  bring(...runsNow: readonly RunModel[]): void {
    for (const run of runsNow) {
      this.runs.push(run);
      for (const instance of run.inFlight) this.running.push({ run, instance });
      for (const instance of run.arrived) this.queues.add(run, instance, this.nowMs);
      run.arrived.clear();
    }
  }

  used(pool: string): number {
    return this.running.filter(({ instance }) => instance.pool === pool).reduce((sum, { instance }) => sum + instance.poolSlots, 0);
  }

  surroundings(): Surroundings {
    return {
      pools: {
        open: (pool) => (this.limits[pool] === undefined ? undefined : (this.limits[pool] as number) - this.used(pool)),
        limit: (pool) => this.limits[pool] ?? -1,
        explain: (pool) => `pool ${pool}`,
      },
      parallelismFree: this.parallelism - this.running.length,
      parallelismWords: 'parallelism',
      nowMs: this.nowMs,
      isPaused: () => false,
      runsOf: (dagId) => this.runs.filter((run) => run.row.dagId === dagId),
    };
  }

  pass(): readonly Choice[] {
    const chosen = this.queues.choose(this.surroundings(), this.#changed);
    this.#changed = new Set();
    for (const { run, instance } of chosen.enqueue) {
      run.setState(instance, 'running');
      this.running.push({ run, instance });
    }
    return chosen.enqueue;
  }

  end(number: number): void {
    const [ended] = this.running.splice(number % this.running.length, 1);
    if (ended === undefined) return;
    ended.run.setState(ended.instance, 'success');
    this.#changed.add(ended.run.row.dagRunId).add(ended.run.row.dagId);
  }

  waiting(): readonly { readonly run: RunModel; readonly instance: Instance }[] {
    return this.runs.flatMap((run) => [...run.ready].map((instance) => ({ run, instance })));
  }
}

const order = (choices: readonly Choice[]) => choices.map(({ run, instance }) => `${run.row.dagId}:${instance.mapIndex}`);

describe('the order', () => {
  it('is by weight, then the earlier run, then the map index, for what is ready since the same instant', () => {
    const place = new Place({ p: 10 });
    const dag = aDag('d');
    place.bring(aRun(dag, [{ mapIndex: 3 }, { mapIndex: 2 }, { mapIndex: 9, weight: 5 }], 2_000), aRun(dag, [{ mapIndex: 7 }], 1_000));
    expect(order(place.pass())).toEqual(['d:9', 'd:7', 'd:2', 'd:3']);
  });

  it('lets a light task that waits long pass a heavy one that has just come', () => {
    const place = new Place({ p: 1 });
    const dag = aDag('d');
    const hour = 3_600_000;
    place.nowMs = 2 * hour;
    place.bring(
      aRun(dag, [{ mapIndex: 0, weight: 1_000_000, since: 2 * hour }]),
      aRun(dag, [{ mapIndex: 1, weight: 1, since: hour - 20_000 }]),
    );
    expect(order(place.pass())).toEqual(['d:1']);
  });

  it('gives DAGs of equal weight turns, however many runs one of them has', () => {
    const place = new Place({ p: 1 });
    place.bring(...Array.from({ length: 20 }, () => aRun(aDag('busy'), [{}, {}, {}])));
    expect(order(place.pass())).toHaveLength(1);
    place.nowMs = 1_000;
    place.bring(aRun(aDag('small'), [{ since: 1_000 }, { since: 1_000 }]));
    const served: string[] = [];
    for (let pass = 0; pass < 4; pass++) {
      place.end(0);
      place.nowMs += 1_000;
      served.push(...place.pass().map(({ run }) => run.row.dagId));
    }
    expect(served).toEqual(['busy', 'small', 'busy', 'small']);
  });

  it('does not let a full pool hide what waits for another', () => {
    const place = new Place({ full: 0, p: 5 });
    place.bring(aRun(aDag('d'), [...Array.from({ length: 5_000 }, () => ({ pool: 'full', weight: 100 })), { pool: 'p' }]));
    expect(order(place.pass())).toEqual(['d:5000']);
  });

  it('saves slots up for a task that needs several, once smaller ones have passed it for long', () => {
    const place = new Place({ p: 2 });
    const dag = aDag('d');
    place.bring(
      aRun(dag, [{ state: 'running' }]),
      aRun(dag, [{ mapIndex: 50, poolSlots: 2, weight: 9 }, { mapIndex: 51 }, { mapIndex: 52 }]),
    );
    expect(order(place.pass())).toEqual(['d:51']);
    place.nowMs = 61_000;
    place.end(0);
    expect(order(place.pass())).toEqual([]);
    place.end(0);
    expect(order(place.pass())).toEqual(['d:50']);
  });
});

describe('limits', () => {
  it.each([
    ['maxActiveTisPerDag', aDag('d', { maxActiveTisPerDag: 5 })],
    ['maxActiveTisPerDagrun', aDag('d', { maxActiveTisPerDagrun: 5 })],
    ['maxActiveTasks', aDag('d', {}, 5)],
  ])('%s lets as many start as are missing, and sets the others aside with the reason', (name, dag) => {
    const place = new Place({ p: 10_000 });
    place.bring(
      aRun(
        dag,
        Array.from({ length: 1_000 }, (_, number) => ({ state: number < 3 ? ('running' as const) : ('scheduled' as const) })),
      ),
    );
    const chosen = place.queues.choose(place.surroundings(), []);
    expect(chosen.enqueue).toHaveLength(2);
    expect(chosen.held).toHaveLength(995);
    expect(chosen.held[0]?.words()).toMatch(new RegExp(`^${name} reached: 5 of 5 `));
    expect(place.queues.choose(place.surroundings(), []).held, 'looked at once, not in each pass').toEqual([]);
  });
});

const aPlan = fc.record({
  pool: fc.constantFrom('p', 'q'),
  poolSlots: fc.integer({ min: 1, max: 2 }),
  weight: fc.integer({ min: -50, max: 5_000 }),
});
const aWorld = fc.record({
  limits: fc.record({ p: fc.integer({ min: 1, max: 4 }), q: fc.integer({ min: 1, max: 4 }) }),
  parallelism: fc.integer({ min: 1, max: 8 }),
  dags: fc.array(
    fc.record({
      maxActiveTasks: fc.integer({ min: 1, max: 4 }),
      maxActiveTisPerDag: fc.option(fc.integer({ min: 1, max: 4 })),
      maxActiveTisPerDagrun: fc.option(fc.integer({ min: 1, max: 4 })),
      runs: fc.array(fc.array(aPlan, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 4 }),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  ends: fc.array(fc.nat(100), { minLength: 1, maxLength: 20 }),
});

describe('laws', () => {
  it('hold at every instant: no limit is exceeded, no slot idles that something could use, all is queued in the end', () => {
    fc.assert(
      fc.property(aWorld, (world) => {
        const place = new Place(world.limits);
        place.parallelism = world.parallelism;
        const indexes = world.dags.map(({ runs: _, maxActiveTasks, ...limits }, number) => aDag(`d${number}`, limits, maxActiveTasks));
        world.dags.forEach((dag, number) => {
          place.bring(...dag.runs.map((plans) => aRun(indexes[number] as DagIndex, plans)));
        });
        const fits = ({ run, instance }: { run: RunModel; instance: Instance }) => {
          const { spec } = run.taskOf(instance).task;
          const inDag = place.runs.filter((other) => other.row.dagId === run.row.dagId).reduce((sum, other) => sum + other.occupying, 0);
          return (
            place.running.length < place.parallelism &&
            place.used(instance.pool) + instance.poolSlots <= (world.limits[instance.pool as 'p'] as number) &&
            run.occupying < run.index.spec.maxActiveTasks &&
            inDag < (spec.maxActiveTisPerDag ?? 1_000) &&
            run.occupying < (spec.maxActiveTisPerDagrun ?? 1_000)
          );
        };
        const impossible = ({ instance }: { instance: Instance }) => instance.poolSlots > (world.limits[instance.pool as 'p'] as number);
        let passes = 0;
        const all = place.waiting().length;
        for (;;) {
          for (const choice of place.pass()) expect(choice.instance.state).toBe('running');
          expect(place.running.length).toBeLessThanOrEqual(place.parallelism);
          for (const pool of ['p', 'q'] as const) expect(place.used(pool)).toBeLessThanOrEqual(world.limits[pool]);
          for (const run of place.runs) expect(run.occupying).toBeLessThanOrEqual(run.index.spec.maxActiveTasks);
          expect(place.waiting().filter(fits), 'could run, and does not').toEqual([]);
          if (place.waiting().every(impossible)) return;
          expect(passes, 'queued within a pass per task').toBeLessThanOrEqual(all);
          passes += 1;
          place.nowMs += 100;
          place.end(world.ends[passes % world.ends.length] as number);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('nothing starves: a task of the least weight is queued although heavier ones of all DAGs keep coming', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.integer({ min: 1, max: 2 ** 31 - 1 }), { minLength: 1, maxLength: 5 }),
        (dags, weights) => {
          const place = new Place({ p: 1 });
          const heavy = Array.from({ length: dags }, (_, number) => aDag(`heavy${number}`));
          const light = aRun(aDag('heavy0'), [{ mapIndex: 99, weight: -(2 ** 31) }]);
          place.bring(light);
          for (let pass = 0; pass < 200; pass++) {
            place.bring(aRun(heavy[pass % dags] as DagIndex, [{ weight: weights[pass % weights.length] as number, since: place.nowMs }]));
            place.pass();
            if (light.ready.size === 0) return;
            place.end(0);
            place.nowMs += 60_000;
          }
          throw new Error('it starves');
        },
      ),
      { numRuns: 50 },
    );
  });
});
