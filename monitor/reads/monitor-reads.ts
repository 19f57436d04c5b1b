/** What the monitor knows, read once for all who look. */
import type { Broker, BrokerInfo, QueueDepth } from '#platform/broker/broker.ts';
import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/db/client.ts';
import { countAttemptsByOutcome, type OutcomeCountRow } from '#platform/db/queries/monitor/count-attempts.ts';
import { countAttemptsByMinute, type MinuteRow } from '#platform/db/queries/monitor/count-attempts-by-minute.ts';
import { countProcesses, type ProcessRow } from '#platform/db/queries/monitor/count-processes.ts';
import { listQueueRows, type QueueRow } from '#platform/db/queries/monitor/list-queues.ts';
import { listRunningAttempts } from '#platform/db/queries/monitor/list-running-attempts.ts';
import { listWorkerRows } from '#platform/db/queries/monitor/list-workers.ts';
import type { Logger } from '#platform/logger.ts';
import { SharedRead } from '#platform/service/shared-read.ts';
import type { Overview, QueueView, WorkerView } from '../api/types.ts';
import { processView, queueViews, taskView, workerView } from '../views.ts';

const FRESH_MS = 500;
/** The chart's minutes and the broker's version change slowly. */
const SLOW_FRESH_MS = 2_000;
const BROKER_FRESH_MS = 10_000;
/** The broker is a doorbell: when it does not answer, pages show the truth from Postgres without it. */
const BROKER_PATIENCE_MS = 1_000;
const MAX_RUNNING_SHOWN = 2_000;

export interface MonitorReadsDeps {
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A worker silent for longer is lost. */
  readonly silenceMs: number;
}

export class MonitorReads {
  readonly #deps: MonitorReadsDeps;
  readonly #workers: SharedRead<readonly WorkerView[]>;
  readonly #queueRows: SharedRead<readonly QueueRow[]>;
  readonly #minutes: SharedRead<readonly MinuteRow[]>;
  readonly #outcomes: SharedRead<readonly OutcomeCountRow[]>;
  readonly #processes: SharedRead<readonly ProcessRow[]>;
  readonly #brokerInfo: SharedRead<BrokerInfo>;

  constructor(deps: MonitorReadsDeps) {
    this.#deps = deps;
    const { clock, db } = deps;
    this.#workers = new SharedRead(clock, FRESH_MS, () => this.#readWorkers());
    this.#queueRows = new SharedRead(clock, FRESH_MS, () => listQueueRows(db));
    this.#minutes = new SharedRead(clock, SLOW_FRESH_MS, () => countAttemptsByMinute(db));
    this.#outcomes = new SharedRead(clock, SLOW_FRESH_MS, () => countAttemptsByOutcome(db));
    this.#processes = new SharedRead(clock, SLOW_FRESH_MS, () => countProcesses(db, deps.silenceMs));
    this.#brokerInfo = new SharedRead(clock, BROKER_FRESH_MS, () => this.#readBrokerInfo());
  }

  /** Every worker seen lately, with what it runs now. */
  workers(): Promise<readonly WorkerView[]> {
    return this.#workers.get();
  }

  /** One worker, read afresh, however long ago it lived; null when no worker had this id. */
  async worker(workerId: string): Promise<WorkerView | null> {
    const { db, silenceMs } = this.#deps;
    const [row] = await listWorkerRows(db, workerId);
    if (!row) return null;
    const running = await listRunningAttempts(db, { conditions: [], limit: MAX_RUNNING_SHOWN, offset: 0 }, workerId);
    return workerView(row, running.map(taskView), silenceMs);
  }

  async queues(): Promise<readonly QueueView[]> {
    const [rows, workers] = await Promise.all([this.#queueRows.get(), this.#workers.get()]);
    const names = queueViews(rows, workers, []).map((view) => view.queue);
    return queueViews(rows, workers, await this.#depths(names));
  }

  /** Numbers for the tasks page's buttons: queued and running now, outcomes of the last hour. */
  async taskCounts(): Promise<Readonly<Record<string, number>>> {
    const [outcomes, queues] = await Promise.all([this.#outcomes.get(), this.#queueRows.get()]);
    const counts = Object.fromEntries(outcomes.map((row) => [row.state, row.count]));
    return { ...counts, queued: queues.reduce((sum, row) => sum + row.queued, 0) };
  }

  async overview(): Promise<Overview> {
    const [workers, queues, minutes, processes, broker] = await Promise.all([
      this.#workers.get(),
      this.#queueRows.get(),
      this.#minutes.get(),
      this.#processes.get(),
      this.#brokerInfo.get(),
    ]);
    const withStatus = (status: WorkerView['status']) => workers.filter((worker) => worker.status === status);
    const alive = workers.filter((worker) => worker.status !== 'lost' && worker.status !== 'stopped');
    const sum = <T>(items: readonly T[], of: (item: T) => number) => items.reduce((total, item) => total + of(item), 0);
    const oldest = queues.map((row) => row.oldest_queued_seconds).filter((age) => age !== null);
    return {
      at: new Date(this.#deps.clock.now()).toISOString(),
      workers: {
        online: withStatus('online').length,
        paused: withStatus('paused').length,
        draining: withStatus('draining').length,
        lost: withStatus('lost').length,
      },
      slots: { used: sum(alive, (worker) => worker.tasks.length), total: sum(alive, (worker) => worker.slots) },
      tasks: {
        running: sum(queues, (row) => row.running),
        queued: sum(queues, (row) => row.queued),
        succeededLastHour: sum(minutes, (row) => row.succeeded),
        failedLastHour: sum(minutes, (row) => row.failed),
      },
      oldestQueuedSeconds: oldest.length === 0 ? null : Math.max(...oldest),
      throughput: minutes.map((row) => ({ at: row.at.toISOString(), succeeded: row.succeeded, failed: row.failed })),
      broker,
      processes: processes.map(processView),
    };
  }

  /** Something changed: the next look asks the database again. */
  expire(): void {
    this.#workers.expire();
    this.#queueRows.expire();
    this.#outcomes.expire();
  }

  async #readWorkers(): Promise<readonly WorkerView[]> {
    const { db, silenceMs } = this.#deps;
    const [rows, running] = await Promise.all([
      listWorkerRows(db),
      listRunningAttempts(db, { conditions: [], limit: MAX_RUNNING_SHOWN, offset: 0 }),
    ]);
    const byWorker = Map.groupBy(running, (row) => row.worker_id);
    return rows.map((row) => workerView(row, (byWorker.get(row.service_id) ?? []).map(taskView), silenceMs));
  }

  async #readBrokerInfo(): Promise<BrokerInfo> {
    const { broker } = this.#deps;
    const silent: BrokerInfo = {
      kind: broker.kind,
      version: 'unknown',
      warnings: [`The broker (${broker.kind}) does not answer. Work goes on when it is back: what waits is rung again from Postgres.`],
    };
    return this.#orWithout(broker.info(), silent, 'broker.info_failed');
  }

  async #depths(names: readonly string[]): Promise<readonly QueueDepth[]> {
    if (names.length === 0) return [];
    return this.#orWithout(this.#deps.broker.depths(names), [], 'broker.depths_failed');
  }

  /** The broker's answer, or `fallback` when it fails or takes too long. */
  async #orWithout<T>(answer: Promise<T>, fallback: T, event: string): Promise<T> {
    const { clock, logger } = this.#deps;
    const patience = new AbortController();
    const late = clock.sleep(BROKER_PATIENCE_MS, patience.signal).then(() => fallback);
    const caught = answer.catch((error: unknown) => {
      logger.warn({ event, err: error }, 'the broker did not answer the monitor; pages show Postgres alone');
      return fallback;
    });
    try {
      return await Promise.race([caught, late]);
    } finally {
      patience.abort();
    }
  }
}
