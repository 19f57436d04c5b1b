/** Sends ready instances to the queue as far as every limit allows, and says of the others what they wait for. */
import type { Surroundings } from '#core/scheduling/queue-surroundings.ts';
import { type Choice, type Held, ReadyQueues } from '#core/scheduling/ready-queues.ts';
import type { RunModel } from '#core/scheduling/run-model.ts';
import { SHARD_COUNT } from '#core/sharding.ts';
import type { Holder } from '#platform/db/queries/settle-pools.ts';
import { probe } from '#platform/probes/probe.ts';
import type { EngineDeps } from './deps.ts';
import type { FlushBuilder } from './flush-builder.ts';
import { moveInstance } from './ingest.ts';
import type { Memory } from './memory.ts';
import type { PoolBook } from './pool-book.ts';
import { startWaits } from './start-waits.ts';

/** Claims told to other schedulers, per pool. */
const CLAIMS_MAX = 32;
/** A pool that refused is not asked again at once: another scheduler is to take what was left for it. */
const ASK_AGAIN_MS = 250;
/** What is told to other schedulers is renewed this often. */
const TELL_AGAIN_MS = 1_000;

export interface Enqueueing {
  readonly holder: Holder;
  readonly nowMs: number;
  readonly flush: FlushBuilder;
  /** Runs that were decided in this pass. */
  readonly runs: Iterable<RunModel>;
  /** Runs, DAGs and pools whose limits may have room again. */
  readonly changed: Iterable<string>;
}

type Arrival = Pick<Held, 'run' | 'instance'>;

export class Enqueuer {
  readonly #deps: EngineDeps;
  readonly #memory: Memory;
  readonly #pools: PoolBook;
  readonly #ready: ReadyQueues;
  readonly #refusedAtMs = new Map<string, number>();
  /** When other schedulers were told what waits, by pool. */
  readonly #toldAtMs = new Map<string, number>();
  #rewords = false;

  constructor(deps: EngineDeps, memory: Memory, pools: PoolBook) {
    this.#deps = deps;
    this.#memory = memory;
    this.#pools = pools;
    this.#ready = new ReadyQueues(deps.config.priorityHeadStartMaxMs, (run) => memory.runs.get(run.row.dagRunId) === run);
  }

  /** The next pass looks at the words of all that wait, and writes those that have changed. */
  reword(): void {
    this.#rewords = true;
  }

  /** When a pool that refused may be asked again, ms; infinite = none did. */
  get askAgainAtMs(): number {
    return Math.min(...this.#refusedAtMs.values()) + ASK_AGAIN_MS;
  }

  forget(run: RunModel): void {
    this.#ready.forgetOwner(run.row.dagRunId);
  }

  async run(work: Enqueueing): Promise<void> {
    if (!work.flush.isEmpty) probe('scheduleTaskInstances.after_read');
    const arrived = this.#takeArrived(work);
    for (const [pool, atMs] of this.#refusedAtMs) if (atMs <= work.nowMs - ASK_AGAIN_MS) this.#refusedAtMs.delete(pool);
    if (this.#ready.size === 0 && this.#toldAtMs.size === 0 && this.#pools.withheld().length === 0) return;
    const around = this.#surroundings(work);
    const chosen = this.#ready.choose(around, work.changed);
    const held: Held[] = [...chosen.held];
    let choices = chosen.enqueue;
    if (
      await this.#pools.findMissing(
        this.#deps.db,
        work.holder.fence.map((shard) => shard.shard),
      )
    ) {
      this.#ready.putBack(choices, work.nowMs);
      const again = this.#ready.choose(around, []);
      choices = again.enqueue;
      held.push(...again.held);
    }
    const { granted, refused } = await this.#secure(choices, work);
    for (const choice of granted) this.#enqueue(choice, work);
    this.#ready.putBack(refused, work.nowMs);
    this.#say(work, held, arrived);
  }

  #takeArrived({ runs, flush, nowMs }: Enqueueing): readonly Arrival[] {
    const arrived: Arrival[] = [];
    for (const run of runs) {
      if (!this.#isPaused(run)) startWaits({ pools: this.#pools, flush, nowMs }, run);
      for (const instance of run.arrived) {
        if (!run.ready.has(instance)) continue;
        this.#ready.add(run, instance, nowMs);
        arrived.push({ run, instance });
      }
      run.arrived.clear();
    }
    return arrived;
  }

  #isPaused({ row: { dagId } }: RunModel): boolean {
    return this.#memory.dags.get(dagId)?.row.isPaused ?? false;
  }

  #surroundings({ nowMs }: Enqueueing): Surroundings {
    const { parallelism } = this.#deps.config;
    let occupying = 0;
    for (const run of this.#memory.runs.values()) occupying += run.occupying;
    return {
      pools: {
        open: (pool) => (this.#refusedAtMs.has(pool) ? 0 : this.#pools.open(pool)),
        limit: (pool) => this.#pools.limit(pool),
        explain: (pool, poolSlots) => this.#pools.explain(pool, poolSlots),
      },
      parallelismFree: parallelism - occupying,
      parallelismWords: `parallelism reached: ${parallelism} of ${parallelism} tasks of this scheduler are queued or running (WINDLASS_PARALLELISM)`,
      nowMs,
      isPaused: (dagId) => this.#memory.dags.get(dagId)?.row.isPaused ?? false,
      runsOf: (dagId) => this.#memory.runsOf(dagId),
    };
  }

  /** Makes sure, in Postgres where need be, that the shards hold the slots of what was chosen. */
  async #secure(
    choices: readonly Choice[],
    { holder, nowMs }: Enqueueing,
  ): Promise<{ readonly granted: readonly Choice[]; readonly refused: readonly Choice[] }> {
    const byPool = Map.groupBy(choices, (choice) => choice.instance.pool);
    // With all shards in one hand nobody else is to be told, or left a slot.
    const isAlone = holder.fence.length >= SHARD_COUNT;
    const told = isAlone ? [] : [...new Set([...this.#ready.waitingPools(), ...this.#toldAtMs.keys()])];
    const withheld = isAlone ? [] : this.#pools.withheld();
    const asked = [...new Set([...byPool.keys(), ...told, ...withheld])].filter(
      (pool) =>
        this.#mustAsk(pool, byPool.get(pool) ?? []) || withheld.includes(pool) || (told.includes(pool) && this.#mustTell(pool, nowMs)),
    );
    if (asked.length === 0) return { granted: choices, refused: [] };
    const claimsOf = (list: readonly Choice[]) =>
      list.map(({ run, instance, rankMs }) => ({ shard: run.row.shard, slots: instance.poolSlots, rankMs }));
    const answers = await this.#pools.settle(
      this.#deps.db,
      holder,
      asked.map((pool) => ({ pool, claims: claimsOf(byPool.get(pool) ?? []), waiting: isAlone ? null : this.#claimsOn(pool) })),
    );
    const refused = new Set<Choice>();
    for (const pool of asked) {
      const answer = answers.find((one) => one.pool === pool);
      const list = byPool.get(pool) ?? [];
      const missed = list.filter((_, index) => answer?.granted[index] !== true);
      for (const choice of missed) refused.add(choice);
      if (missed.length > 0) this.#refusedAtMs.set(pool, nowMs);
      if (!isAlone && (missed.length > 0 || this.#claimsOn(pool).length > 0)) this.#toldAtMs.set(pool, nowMs);
      else this.#toldAtMs.delete(pool);
    }
    return { granted: choices.filter((choice) => !refused.has(choice)), refused: [...refused] };
  }

  #mustAsk(pool: string, choices: readonly Choice[]): boolean {
    if (choices.length === 0) return false;
    if (this.#pools.isContended(pool)) return true;
    const byShard = new Map<number, number>();
    for (const { run, instance } of choices) byShard.set(run.row.shard, (byShard.get(run.row.shard) ?? 0) + instance.poolSlots);
    return [...byShard].some(([shard, slots]) => !this.#pools.covers(pool, shard, slots));
  }

  #mustTell(pool: string, nowMs: number): boolean {
    // That nothing waits any more is said at once: others keep slots free for it.
    return this.#claimsOn(pool).length === 0 || (this.#toldAtMs.get(pool) ?? Number.NEGATIVE_INFINITY) <= nowMs - TELL_AGAIN_MS;
  }

  #claimsOn(pool: string) {
    return this.#ready.claimsOn(pool, CLAIMS_MAX).map(({ run, slots, rankMs }) => ({ shard: run.row.shard, slots, rankMs }));
  }

  #enqueue({ run, instance }: Choice, { flush, nowMs }: Enqueueing): void {
    flush.move(run, { instance, event: 'enqueue', from: 'scheduled', to: 'queued', reason: null, tryDelta: 0 });
    moveInstance(run, this.#pools, instance, 'queued');
    instance.reason = null;
    instance.queuedAtMs = nowMs;
    flush.queued.push({ run, instance });
  }

  /** Only now are the counts in the words those after this pass. */
  #say(work: Enqueueing, held: readonly Held[], arrived: readonly Arrival[]): void {
    const around = this.#surroundings(work);
    const setAside = new Set(held.map(({ instance }) => instance));
    for (const { run, instance, words } of held) if (run.ready.has(instance)) work.flush.note(run, instance, words());
    for (const { run, instance } of arrived)
      if (run.ready.has(instance) && !setAside.has(instance))
        work.flush.note(run, instance, this.#ready.wordsFor(instance.pool, instance, around));
    if (!this.#rewords) return;
    this.#rewords = false;
    for (const { run, instance, words } of this.#ready.words(around)) work.flush.note(run, instance, words());
  }
}
