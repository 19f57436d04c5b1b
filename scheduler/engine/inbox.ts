/** What was said since the last pass. Every message is a hint: the pass reads the rows it names. */
import type { Broker } from '#platform/broker/broker.ts';
import type { DagsChanged, RunsChanged, TaskInstancesEnded } from '#platform/broker/messages.ts';

export interface Heard {
  readonly endedIds: readonly string[];
  /** Of these nothing is to be read if they are known as they were before this lease, see messages.ts. */
  readonly successes: readonly { readonly id: string; readonly leaseEpoch: number }[];
  /** All of their unfinished runs are to be read. */
  readonly runDagIds: readonly string[];
  /** Those of their runs that are new or have another revision are. */
  readonly changedDagIds: readonly string[];
  readonly dagIds: readonly string[];
  /** A message was lost or unreadable: look at everything. */
  readonly sweep: boolean;
}

const LIST_MAX = 5_000;

export class Inbox {
  readonly #wake: () => void;
  #ended = new Set<string>();
  /** Lease epochs by id. */
  #successes = new Map<string, number>();
  #runDags = new Set<string>();
  #changedDags = new Set<string>();
  #dags = new Set<string>();
  #sweep = false;
  #brokerWasAway = false;
  #stops: (() => Promise<void>)[] = [];

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  async start(broker: Broker): Promise<void> {
    this.#stops = await Promise.all([
      broker.listen('task_instances_ended', (message) => {
        if (message === null) this.#brokerWasAway = true;
        this.hearEnded(message as Partial<TaskInstancesEnded> | null);
      }),
      broker.listen('runs_changed', (message) => this.#hear(this.#changedDags, (message as Partial<RunsChanged> | null)?.dagIds)),
      broker.listen('dags_changed', (message) => this.#hear(this.#dags, (message as Partial<DagsChanged> | null)?.dagIds)),
    ]);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
  }

  /** The scheduler's own: reload the runs of a DAG, whatever their revision. */
  reloadRuns(dagId: string): void {
    this.#runDags.add(dagId);
  }

  /** The scheduler's own: something of a DAG's runs may have changed. */
  runsMayHaveChanged(dagId: string): void {
    this.#changedDags.add(dagId);
  }

  /** The engine's own, between its passes: the next one comes at once, and reads the runs of the DAG if there are new ones. */
  reloadSoon(dagId: string, hasRuns: boolean): void {
    if (hasRuns) this.#runDags.add(dagId);
    this.#wake();
  }

  reloadDag(dagId: string): void {
    this.#dags.add(dagId);
  }

  ended(ids: readonly string[]): void {
    for (const id of ids) {
      this.#ended.add(id);
      this.#successes.delete(id);
    }
  }

  get isEmpty(): boolean {
    return (
      this.#ended.size === 0 &&
      this.#successes.size === 0 &&
      this.#runDags.size === 0 &&
      this.#changedDags.size === 0 &&
      this.#dags.size === 0 &&
      !this.#sweep
    );
  }

  /** Whether the broker was away, or may have been, since this was asked last: a sweep should not be waited for then. */
  takeBrokerNotice(): boolean {
    const noticed = this.#brokerWasAway;
    this.#brokerWasAway = false;
    return noticed;
  }

  get brokerWasAway(): boolean {
    return this.#brokerWasAway;
  }

  take(): Heard {
    const heard = {
      endedIds: [...this.#ended],
      successes: [...this.#successes].map(([id, leaseEpoch]) => ({ id, leaseEpoch })),
      runDagIds: [...this.#runDags],
      changedDagIds: [...this.#changedDags],
      dagIds: [...this.#dags],
      sweep: this.#sweep,
    };
    this.#ended = new Set();
    this.#successes = new Map();
    this.#runDags = new Set();
    this.#changedDags = new Set();
    this.#dags = new Set();
    this.#sweep = false;
    return heard;
  }

  /** An id of which two things are heard is read. */
  hearEnded(message: Partial<TaskInstancesEnded> | null): void {
    const ids: unknown = message?.ids;
    const told = readSuccesses(message?.successes);
    const unread: unknown[] = [];
    for (const id of Array.isArray(ids) ? ids : []) {
      const epoch = told.get(id);
      const known = this.#successes.get(id);
      if (epoch !== undefined && !this.#ended.has(id) && (known === undefined || known === epoch)) this.#successes.set(id, epoch);
      else {
        this.#successes.delete(id);
        unread.push(id);
      }
    }
    this.#hear(this.#ended, Array.isArray(ids) && this.#successes.size <= LIST_MAX ? unread : null);
  }

  #hear(list: Set<string>, ids: unknown): void {
    if (!Array.isArray(ids) || list.size > LIST_MAX) this.#sweep = true;
    else for (const id of ids) if (typeof id === 'string') list.add(id);
    this.#wake();
  }
}

function readSuccesses(given: unknown): ReadonlyMap<unknown, number> {
  const told = new Map<unknown, number>();
  if (!Array.isArray(given)) return told;
  for (const text of given) {
    if (typeof text !== 'string') continue;
    const at = text.indexOf(' ');
    const epoch = Number(text.slice(at + 1));
    if (at > 0 && Number.isSafeInteger(epoch)) told.set(text.slice(0, at), epoch);
  }
  return told;
}
