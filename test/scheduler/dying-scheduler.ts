/**
 * A scheduler for tests of crashes: the real engine, keeper, inbox, sweep and rescue, put together as in
 * scheduler/main.ts, over connections on which fate acts. It can die at every await (the statement it waits for was
 * sent or not; nothing of it ever goes on), or stand still past its lease and go on as if nothing had happened.
 */
import type { Broker } from '#platform/broker/broker.ts';
import { newId, systemClock } from '#platform/clock.ts';
import type { Database } from '#platform/db/client.ts';
import type { HeldShard } from '#platform/db/queries/hold-shards.ts';
import { saveService } from '#platform/db/queries/save-service.ts';
import { quietLogger } from '#platform/logger.ts';
import { testConfig } from '#test/support/config.ts';
import type { EngineDeps } from '../../scheduler/engine/deps.ts';
import { Engine } from '../../scheduler/engine/engine.ts';
import { Inbox } from '../../scheduler/engine/inbox.ts';
import { sweep } from '../../scheduler/engine/sweep.ts';
import { rescueLostAttempts } from '../../scheduler/rescue-lost-attempts.ts';
import { ShardKeeper } from '../../scheduler/shard-keeper.ts';

export interface Fate {
  /** Asked before each statement. */
  next(statement: string): 'go_on' | 'die_before' | 'die_after' | 'stand_still' | 'fail_before' | 'fail_after';
}

export const SHARD_TTL_MS = 400;
const HEARTBEAT_MS = 100;
const SWEEP_MS = 250;
const STILL_MS = 2 * SHARD_TTL_MS;
const NEVER = new Promise<never>(() => {});

export class DyingScheduler {
  readonly schedulerId = `test-${newId().slice(-12)}`;
  readonly died = Promise.withResolvers<void>();
  readonly engine: Engine;
  #dead = false;
  #stopped = false;
  #wake = new AbortController();
  #pending: HeldShard[] = [];
  readonly #deps: EngineDeps;
  readonly #inbox: Inbox;
  readonly #keeper: ShardKeeper;
  readonly #loops: Promise<void>[] = [];

  constructor(db: Database, broker: Broker, fate: Fate) {
    const deps: EngineDeps = {
      schedulerId: this.schedulerId,
      config: testConfig({ shardLeaseTtlMs: SHARD_TTL_MS, reringAfterMs: 500, leaseGraceMs: 100 }),
      db: this.#over(db, fate),
      broker,
      clock: systemClock,
      logger: quietLogger(),
      timetables: { nextRun: async () => null },
    };
    this.#deps = deps;
    this.#inbox = new Inbox(() => this.#wake.abort());
    this.engine = new Engine(deps, this.#inbox);
    this.#keeper = new ShardKeeper({
      schedulerId: this.schedulerId,
      db: deps.db,
      ttlMs: SHARD_TTL_MS,
      serviceHeartbeatMs: HEARTBEAT_MS,
      gained: (shards) => {
        this.#pending.push(...shards);
        this.#wake.abort();
      },
      lost: (shard) => {
        this.#pending = this.#pending.filter((held) => held.shard !== shard);
        this.engine.lose(shard);
      },
      databaseTime: (ms) => this.engine.time.hear(ms),
    });
  }

  async start(): Promise<void> {
    await this.#inbox.start(this.#deps.broker);
    let sweptAt = 0;
    this.#loop(HEARTBEAT_MS, async () => {
      const process = { hostname: 'test', pid: 1, version: '0' };
      await saveService(this.#deps.db, { serviceId: this.schedulerId, kind: 'scheduler', ...process });
      await this.#keeper.runOnce();
      return undefined;
    });
    this.#loop(HEARTBEAT_MS, async () => {
      const ids = this.engine.memory.inFlight().map(({ instance }) => instance.id);
      const rescue = {
        shards: this.engine.shards,
        ids,
        graceMs: this.#deps.config.leaseGraceMs,
        owner: this.schedulerId,
        maxRetryDelayMs: 86_400_000,
      };
      this.#inbox.ended((await rescueLostAttempts(this.#deps.db, rescue)).map((lost) => lost.id));
      return undefined;
    });
    this.#loop(HEARTBEAT_MS, async () => {
      if (this.#pending.length > 0) await this.engine.gain(this.#pending.splice(0));
      if (systemClock.monotonic() - sweptAt > SWEEP_MS) {
        sweptAt = systemClock.monotonic();
        await sweep(this.#deps, this.engine, this.#inbox);
      }
      return this.engine.runOnce();
    });
  }

  /** An end in peace: resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake.abort();
    await this.#inbox.stop();
    if (!this.#dead) await Promise.race([Promise.all(this.#loops), this.died.promise]);
  }

  /** Errors of a pass are what its loop in production logs; the next pass follows. */
  #loop(sleepMs: number, runOnce: () => Promise<number | undefined>): void {
    const run = async () => {
      while (!this.#stopped) {
        const asked = await runOnce().catch(() => undefined);
        this.#wake = new AbortController();
        await systemClock.sleep(Math.min(asked ?? sleepMs, sleepMs), this.#wake.signal);
      }
    };
    this.#loops.push(run());
  }

  #over(db: Database, fate: Fate): Database {
    const through = <T>(name: string, send: () => Promise<T>): Promise<T> => this.#through(fate.next(name), name, send);
    return {
      ...db,
      query: (statement, values) => through(statement.name, () => db.query(statement, values)),
      transaction: (name, work) => through(name, () => db.transaction(name, work)),
    };
  }

  async #through<T>(what: ReturnType<Fate['next']>, name: string, send: () => Promise<T>): Promise<T> {
    if (this.#dead) return NEVER;
    if (what === 'fail_before') throw new Error(`${name} was not sent`);
    if (what === 'die_before') return this.#die();
    if (what === 'stand_still') await systemClock.sleep(STILL_MS);
    const answer = await send();
    if (what === 'die_after') return this.#die();
    if (what === 'fail_after') throw new Error(`the answer of ${name} is lost`);
    return this.#dead ? NEVER : answer;
  }

  #die(): Promise<never> {
    this.#dead = true;
    void this.#inbox.stop();
    this.died.resolve();
    return NEVER;
  }
}
