/**
 * One attempt's life: claimed -> begun -> running -> ended. Whatever ends it first wins (the result, the end of
 * the process, a timeout, a stop, a lost lease); then its process is stopped, its log closed and the finish
 * written, fenced. After a lost lease nothing is written at all.
 */

import { formatDuration } from '#core/duration.ts';
import { isAppError } from '#core/errors.ts';
import { storable } from '#core/storable.ts';
import type { FromTaskProcess, HeartbeatMessage } from '#core/task-protocol.ts';
import type { Timer } from '#platform/clock.ts';
import { listTriggeringEvents } from '#platform/db/queries/assets/list-task-events.ts';
import type { Claimed } from '#platform/db/queries/claim-task-instances.ts';
import { logPath } from '#platform/logs/log-path.ts';
import { probe } from '#platform/probes/probe.ts';
import { memoryCeilingBytes, ownBytes, residentBytes } from '#platform/resident-memory.ts';
import type { LeaseHolder } from '../lease-keeper.ts';
import { LogPump } from '../log-pump.ts';
import { familyOf } from '../process-tree.ts';
import type { TaskProcess } from '../task-process.ts';
import type { TaskPlan } from '../version-cache.ts';
import { attemptContext, bodyRead, bodyStart } from './attempt-context.ts';
import type { AttemptDeps } from './attempt-deps.ts';
import { type Conclusion, concludeAttempt } from './conclude-attempt.ts';
import type { Ending } from './ending.ts';
import { readStored } from './read-stored.ts';
import { RequestDesk } from './requests.ts';

export type AttemptState = 'claimed' | 'begun' | 'running' | 'ended';

const NOT_FOUND_CODES: ReadonlySet<string> = new Set(['NOT_FOUND', 'INTERNAL']);

export class Attempt implements LeaseHolder {
  readonly claimed: Claimed;
  readonly taskInstanceId: string;
  readonly leaseEpoch: number;
  /** Monotonic instant at which the claim's request began. */
  readonly takenAt: number;
  state: AttemptState = 'claimed';
  lost = false;

  readonly #deps: AttemptDeps;
  readonly #log: LogPump;
  readonly #ending = Promise.withResolvers<Ending>();
  #settled = false;
  #early: Promise<boolean> | null = null;
  #process: TaskProcess | null = null;
  #plan: TaskPlan | null = null;
  #desk: RequestDesk | null = null;
  #timeout: Timer | null = null;
  #progress: HeartbeatMessage['progress'] = null;

  /** `held`: the process that was held for the claim. */
  constructor(claimed: Claimed, takenAt: number, held: TaskProcess | null, deps: AttemptDeps) {
    this.claimed = claimed;
    this.taskInstanceId = claimed.taskInstanceId;
    this.leaseEpoch = claimed.leaseEpoch;
    this.takenAt = takenAt;
    this.#deps = deps;
    this.#process = held;
    this.#log = new LogPump({
      path: logPath(deps.logsFolder, claimed),
      maxBytes: deps.logMaxBytes,
      clock: deps.clock,
      masker: deps.requests.masker,
      onBackPressure: (wait) => this.#process?.setReading(!wait),
      onError: (error) =>
        deps.logger.error(
          { event: 'task_log.write_failed', attempt_id: claimed.attemptId, err: error.message },
          'the log of a task cannot be written; the task goes on without one',
        ),
    });
  }

  /** Lives it through. Never rejects. */
  async live(): Promise<Conclusion> {
    this.#deps.keeper.add(this);
    this.#start().catch((error: unknown) => this.#settle(endingOf(error)));
    const ending = await this.#ending.promise;
    this.#timeout?.cancel();
    try {
      return await concludeAttempt(
        { attempt: this, ending, process: this.#process, plan: this.#plan, log: this.#log, desk: this.#desk },
        this.#deps,
      );
    } finally {
      this.state = 'ended';
      this.#deps.keeper.remove(this);
    }
  }

  /** The worker stops: the body ends here, and the instance is handed back. */
  stop(reason: string): void {
    this.#settle({ kind: 'stopped', begun: this.state === 'running', reason });
  }

  /** Ends the body when its process, with all that it has started, holds more memory than it may, or is too many. */
  checkUse(): void {
    if (this.state !== 'running' || this.#process === null) return;
    const { memoryMb: limitMb, processesMax } = this.#deps;
    const { pid, orphans } = this.#process;
    const others = new Set([pid, ...orphans.pids].flatMap((each) => familyOf(each, processesMax)));
    others.delete(pid);
    if (others.size >= processesMax) this.#settle({ kind: 'too_many_processes', limit: processesMax });
    const usedBytes = [...others].reduce((sum, other) => sum + ownBytes(other), residentBytes(pid) ?? 0);
    if (usedBytes > memoryCeilingBytes(limitMb)) this.#settle({ kind: 'memory_exceeded', usedBytes, limitMb, processes: 1 + others.size });
    void orphans.look();
  }

  progress(): HeartbeatMessage['progress'] {
    return this.#progress;
  }

  onRenewed(liveMs: number): void {
    if (this.state === 'running') this.#process?.allow(liveMs);
  }

  onLost(reason: string, graceMs: number): void {
    this.lost = true;
    this.#settle({ kind: 'lease_lost', reason, graceMs });
  }

  async #start(): Promise<void> {
    const { claimed } = this;
    const { versions, bundles, scratch, keeper, clock, requests, reads } = this.#deps;
    if (!claimed.begun) this.#letGo();
    const [plan, bundleFile, scratchFolder, triggeringEvents] = await Promise.all([
      versions.plan(claimed.versionId, claimed.taskId),
      bundles.file(claimed.bundleHash),
      scratch.of(claimed.dagId, claimed.runId),
      claimed.runType === 'asset_triggered' ? listTriggeringEvents(requests.db, claimed.dagRunId) : null,
    ]);
    this.#plan = plan;
    if (this.#settled) return;
    // Before its turn comes: many are read by one statement, and no slot waits for it.
    const reading = reads.read(bodyRead(claimed, plan));
    reading.catch(() => {});
    const process = this.#process ?? (await this.#takeProcess(bundleFile));
    if (process === null) return;
    this.#desk = new RequestDesk(requests, claimed, plan);
    process.watch((exit) => {
      if (!this.#settled) probe('supervise.child_exited');
      this.#settle({ kind: 'crashed', exit, stderrTail: this.#log.stderrTail, memoryMb: this.#deps.memoryMb });
    });
    const [hasBegun, read] = await Promise.all([claimed.begun || (this.#early ?? this.#begin(process.pid)), reading]);
    if (!hasBegun) {
      this.onLost('the lease was gone before the body began', 0);
      return;
    }
    this.state = 'begun';
    if (this.#settled) return;
    // This process may have stood still since it asked; nothing looked at the lease meanwhile.
    if (keeper.trustedMs(this) === 0) {
      this.onLost('the lease could not be renewed in time', 0);
      return;
    }

    const { inputs, item } = await readStored(read, requests.large);
    if (this.#settled) return;
    this.#writeFirstLine(process);
    process.listen({
      onMessage: (message) => this.#onMessage(message, process),
      onOutput: (source, bytes) => this.#log.output(source, bytes),
      onOversizedMessage: () => this.#settle({ kind: 'oversized_message', limitBytes: process.messageMaxBytes }),
      onGarbledMessage: () => this.#settle({ kind: 'garbled_message' }),
    });
    probe('supervise.before_body');
    process.allow(keeper.liveMs(this));
    process.send({
      type: 'run',
      context: attemptContext(claimed, plan, { read, scratchFolder, baseUrl: this.#deps.baseUrl, triggeringEvents }),
      inputs,
      mapLengthMax: this.#deps.mapLengthMax,
      ...(item !== null && { item }),
    });
    this.state = 'running';
    this.#deps.linger.began();
    probe('supervise.after_body_sent');
    const limitMs = plan.task.executionTimeoutMs;
    if (limitMs !== null) this.#timeout = clock.after(limitMs, () => this.#settle({ kind: 'timed_out', limitMs }));
  }

  /** Null: there is none, or it is not wanted any more. */
  async #takeProcess(bundleFile: string): Promise<TaskProcess | null> {
    const { pool } = this.#deps;
    probe('supervise.before_spawn');
    // One body away from its turn: the note that it begins is written meanwhile.
    const process = await pool.acquire(this.claimed.bundleHash, bundleFile, () => {
      this.#early = this.#begin(null);
      // Whoever awaits it hears of a failure; nobody does when the turn does not come.
      this.#early.catch(() => {});
    });
    if (process === null) {
      this.#settle({ kind: 'stopped', begun: false, reason: 'every slot of the worker that claimed it was busy; it is queued again' });
      return null;
    }
    if (this.#settled) {
      pool.release(process, true);
      return null;
    }
    this.#process = process;
    probe('supervise.after_spawn');
    return process;
  }

  #begin(pid: number | null): Promise<boolean> {
    return this.#deps.commits.begin(bodyStart(this.claimed, pid));
  }

  /** The process that was held has other code: this attempt takes its turn like any other. */
  #letGo(): void {
    if (this.#process !== null) this.#deps.pool.putBack(this.#process);
    this.#process = null;
  }

  #onMessage(message: FromTaskProcess, process: TaskProcess): void {
    switch (message.type) {
      case 'ready':
        // The process keeps that to itself.
        return;
      case 'log':
        this.#log.task(message.level, message.message, message.fields ?? {});
        return;
      case 'heartbeat':
        this.#progress = message.progress ?? this.#progress;
        return;
      case 'request':
        void this.#desk?.answer(message).then((reply) => process.send(reply));
        return;
      case 'result':
        probe('supervise.result_heard');
        // The first one counts; what an earlier body says late is not about this attempt.
        if (message.attemptId !== this.claimed.attemptId) return;
        this.#settle({ kind: 'result', result: message.result, ends: message.ends === true });
    }
  }

  #settle(ending: Ending): void {
    if (this.#settled) return;
    this.#settled = true;
    if (this.state === 'running') this.#deps.linger.ended();
    this.#ending.resolve(ending);
  }

  #writeFirstLine(process: TaskProcess): void {
    const { claimed } = this;
    const sinceClaim = formatDuration(this.#deps.clock.monotonic() - this.takenAt);
    this.#log.system('info', `attempt ${claimed.tryNumber} of ${claimed.maxTries + 1} started on ${this.#deps.workerId}`, {
      attempt_id: claimed.attemptId,
      worker: this.#deps.workerId,
      pid: process.pid,
      prepared_in: sinceClaim,
    });
  }
}

/** What failed before the body began: a missing version or bundle is final, anything else costs nothing. */
function endingOf(error: unknown): Ending {
  if (isAppError(error) && NOT_FOUND_CODES.has(error.code))
    return { kind: 'unrunnable', error: { name: error.code, message: error.message, stack: '' } };
  return { kind: 'not_prepared', reason: storable(`the attempt could not be prepared: ${(error as Error).message}`, 500) };
}
