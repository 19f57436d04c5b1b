/**
 * People at work while everything breaks: they trigger, clear, pause and change pools over the REST API, and try again
 * until they are answered, as a client with a run id of its own does. What was answered is a promise.
 */
import { systemClock } from '#platform/clock.ts';
import { Dice } from '#test/support/seeded.ts';
import type { Cluster } from '../cluster.ts';
import type { DagPlan } from './plan.ts';
import { POOLS } from './plan.ts';

export interface UsersOptions {
  readonly cluster: Cluster;
  readonly plans: readonly DagPlan[];
  readonly seed: number;
  /** Between two actions. */
  readonly gapMs: readonly [number, number];
  /** So many runs may be open before anybody triggers more. */
  readonly openRunsMax: number;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const ANSWER_MS = 5_000;
const TRY_AGAIN_MS = 200;
/** After it, an answer that never came is given up. */
const PATIENCE_MS = 60_000;

export class Users {
  /** Runs whose trigger was answered with 200, or with 409 after an answer that was lost: "dag_id run_id". */
  readonly accepted = new Set<string>();
  /** Triggers that never got an answer: they may have made a run or not. */
  readonly unanswered = new Set<string>();
  /** Answers nobody should get, in words. */
  readonly oddAnswers: string[] = [];
  /** Actions that were answered well, by kind. */
  readonly done = new Map<string, number>();
  retries = 0;
  readonly #options: UsersOptions;
  readonly #dice: Dice;
  readonly #stopping = new AbortController();
  #stopped: Promise<void> | null = null;
  #working: Promise<void> = Promise.resolve();
  #count = 0;

  constructor(options: UsersOptions) {
    this.#options = options;
    this.#dice = new Dice(options.seed);
  }

  start(): void {
    this.#working = this.#work();
  }

  /** Resolves when every action has its answer, every DAG runs, and the pools have their slots. Idempotent. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await this.#working;
    for (const { dagId } of this.#options.plans) await this.#setPaused(dagId, false);
    await this.#setSlots(POOLS['elastic'] as number);
  }

  async #work(): Promise<void> {
    const { gapMs } = this.#options;
    const acting = new Set<Promise<void>>();
    while (!this.#stopping.signal.aborted) {
      const act = this.#act().catch((error: Error) => {
        this.oddAnswers.push(error.message);
      });
      acting.add(act);
      void act.then(() => acting.delete(act));
      await systemClock.sleep(this.#dice.int(...gapMs), this.#stopping.signal);
    }
    await Promise.all(acting);
  }

  async #act(): Promise<void> {
    const roll = this.#dice.int(0, 99);
    const dice = this.#dice.fork();
    const plan = dice.pick(this.#options.plans.filter((one) => one.everyMs === null));
    if (roll < 70) return this.#trigger(plan);
    if (roll < 84) return this.#clear(plan, dice);
    if (roll < 92) return this.#setSlots(dice.int(1, POOLS['elastic'] as number));
    await this.#setPaused(plan.dagId, true);
    await systemClock.sleep(dice.int(200, 1_500), this.#stopping.signal);
    await this.#setPaused(plan.dagId, false);
  }

  async #trigger({ dagId }: DagPlan): Promise<void> {
    if (await this.#isBusy()) return;
    this.#count += 1;
    const runId = `by_hand_${this.#count}`;
    let tries = 0;
    const answer = await this.#ask('POST', `/dags/${dagId}/dagRuns`, { logical_date: null, dag_run_id: runId }, () => {
      tries += 1;
    });
    const name = `${dagId} ${runId}`;
    if (answer === null) this.unanswered.add(name);
    else if (answer.status === 200 || (answer.status === 409 && tries > 1)) {
      this.accepted.add(name);
      this.#note('trigger');
    } else this.oddAnswers.push(`trigger of ${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  async #isBusy(): Promise<boolean> {
    try {
      const rows = await this.#options.cluster.sql<{ n: number }>(
        `select count(*)::int as n from dag_run where state in ('queued', 'running')`,
      );
      return (rows[0]?.n ?? 0) >= this.#options.openRunsMax;
    } catch {
      return false; // Postgres is away: the API will say so
    }
  }

  /** A task with all that follows it, whatever it is doing. */
  async #clear({ dagId, tasks }: DagPlan, dice: Dice): Promise<void> {
    const mine = [...this.accepted].filter((name) => name.startsWith(`${dagId} `));
    if (mine.length === 0) return;
    const runId = dice.pick(mine.slice(-5)).split(' ')[1] as string;
    const body = {
      dry_run: false,
      only_failed: false,
      dag_run_id: runId,
      task_ids: [dice.pick(tasks).id],
      include_downstream: true,
    };
    const answer = await this.#ask('POST', `/dags/${dagId}/clearTaskInstances`, body);
    this.#expect('clear', answer, [200]);
  }

  async #setPaused(dagId: string, isPaused: boolean): Promise<void> {
    this.#expect('pause', await this.#ask('PATCH', `/dags/${dagId}`, { is_paused: isPaused }), [200]);
  }

  async #setSlots(slots: number): Promise<void> {
    this.#expect('pool', await this.#ask('PATCH', '/pools/elastic', { pool: 'elastic', slots, include_deferred: false }), [200]);
  }

  #expect(kind: string, answer: Answer | null, statuses: readonly number[]): void {
    if (answer === null) return;
    if (statuses.includes(answer.status)) this.#note(kind);
    else this.oddAnswers.push(`${kind}: ${answer.status} ${JSON.stringify(answer.body)}`);
  }

  #note(kind: string): void {
    this.done.set(kind, (this.done.get(kind) ?? 0) + 1);
  }

  /** Until it is answered: no connection and 5xx are no answer. Null = never. */
  async #ask(method: string, path: string, body: unknown, onTry: () => void = () => {}): Promise<Answer | null> {
    const { cluster } = this.#options;
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (let tries = 0; performance.now() < giveUpAt; tries++) {
      if (tries > 0) await systemClock.sleep(TRY_AGAIN_MS);
      const url = cluster.ofRole('webserver')[0]?.url;
      if (!url) continue;
      if (tries > 0) this.retries += 1;
      onTry();
      try {
        const response = await fetch(`${url}/api/v2${path}`, {
          method,
          headers: { authorization: `Bearer ${cluster.token}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(ANSWER_MS),
        });
        const answer = { status: response.status, body: await response.json().catch(() => null) };
        if (answer.status < 500 && answer.status !== 429) return answer;
      } catch {
        // no answer: the process is gone, or its way to Postgres
      }
    }
    return null;
  }
}
