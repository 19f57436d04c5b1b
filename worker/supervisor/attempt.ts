/**
 * One attempt's life: claimed -> begun -> running -> ended. Whatever ends it first wins (the result, the end of
 * the process, a timeout, a stop, a lost lease); then its process is stopped, its log closed and the finish
 * written, fenced. After a lost lease nothing is written at all.
 */

import { formatDuration } from '#core/duration.ts';
import { isAppError } from '#core/errors.ts';
import { storable } from '#core/storable.ts';
import type { FromTaskProcess, HeartbeatMessage, RunMessage } from '#core/task-protocol.ts';
import { type Timer, within } from '#platform/clock.ts';
import { listTriggeringEvents } from '#platform/db/queries/assets/list-task-events.ts';
import type { Claimed } from '#platform/db/queries/claim-task-instances.ts';
import { logPath } from '#platform/logs/log-path.ts';
import { probe } from '#platform/probes/probe.ts';
import { memoryCeilingBytes, ownBytes, residentBytes } from '#platform/resident-memory.ts';
import type { LeaseHolder } from '../lease-keeper.ts';
import type { Bundle } from '../loaded-bundles.ts';
import { LogPump } from '../log-pump.ts';
import { familyOf } from '../process-tree.ts';
import type { Join } from '../slot-turns.ts';
import { BEGUN_HEARD_MS, type TaskProcess } from '../task-process.ts';
import type { TaskPlan } from '../version-cache.ts';
import { attemptContext, bodyRead, bodyStart } from './attempt-context.ts';
import type { AttemptDeps } from './attempt-deps.ts';
import { type Conclusion, concludeAttempt } from './conclude-attempt.ts';
import type { Ending } from './ending.ts';
import { readStored } from './read-stored.ts';
import { RequestDesk } from './requests.ts';

export type AttemptState = 'claimed' | 'begun' | 'running' | 'ended';

/** Where it stands: behind another attempt, in the process of that one. */
interface Place {
  readonly process: TaskProcess;
  /** Settles with whether its body has begun there. */
  readonly begun: Promise<boolean>;
}

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
  #place: Place | null = null;
  /** Of the last place. */
  #begunBehind: Promise<boolean> | null = null;
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
    this.#start().catch((error: unknown) => this.#settle(endingOf(error, this.state === 'running')));
    let ending = await this.#ending.promise;
    this.#timeout?.cancel();
    if (this.#place !== null && (await this.#leaveHand(this.#place)) && ending.kind === 'stopped') ending = { ...ending, begun: true };
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
    if (this.state !== 'running' || this.#settled || this.#process === null) return;
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
    if (this.state === 'running' && !this.#settled) this.#process?.allow(liveMs);
  }

  onLost(reason: string, graceMs: number): void {
    this.lost = true;
    this.#settle({ kind: 'lease_lost', reason, graceMs });
  }

  async #start(): Promise<void> {
    const { claimed } = this;
    const { versions, bundles, scratch, requests, reads } = this.#deps;
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
    let message: Promise<RunMessage> | null = null;
    const told = () => {
      message ??= reading.then(async (read) => {
        const { inputs, item } = await readStored(read, requests, claimed);
        const context = attemptContext(claimed, plan, { read, scratchFolder, baseUrl: this.#deps.baseUrl, triggeringEvents });
        return { type: 'run', context, inputs, mapLengthMax: this.#deps.mapLengthMax, ...(item !== null && { item }) };
      });
      return message;
    };
    // Those that were taken back from a hand look for another place.
    const bundle = { hash: claimed.bundleHash, file: bundleFile };
    while (!(await this.#enter(bundle, told)));
  }

  /** Begins the body, or stands behind another in a process. False: it was taken back from there, and has not begun. */
  async #enter(bundle: Bundle, told: () => Promise<RunMessage>): Promise<boolean> {
    const process = this.#process ?? (await this.#takeProcess(bundle, told));
    if (process === 'joined') return (await this.#begunBehind) !== false || this.#settled;
    if (process === null) return true;
    this.#attach(process);
    const [hasBegun, message] = await Promise.all([this.claimed.begun || (this.#early ?? this.#begin(process.pid)), told()]);
    if (!hasBegun) {
      this.onLost('the lease was gone before the body began', 0);
      return true;
    }
    this.state = 'begun';
    if (this.#settled || !this.#isTrusted()) return true;
    probe('supervise.before_body');
    this.#listen(process);
    process.allow(this.#deps.keeper.liveMs(this));
    process.send(message);
    this.#onTurn();
    this.#deps.pool.deal(process);
    probe('supervise.after_body_sent');
    return true;
  }

  /** This process may have stood still since it asked; nothing looked at the lease meanwhile. */
  #isTrusted(): boolean {
    if (this.#deps.keeper.trustedMs(this) > 0) return true;
    this.onLost('the lease could not be renewed in time', 0);
    return false;
  }

  #attach(process: TaskProcess): void {
    this.#process = process;
    this.#desk = new RequestDesk(this.#deps.requests, this.claimed, this.#plan as TaskPlan);
    process.watch((exit) => {
      if (!this.#settled) probe('supervise.child_exited');
      this.#settle({ kind: 'crashed', exit, stderrTail: this.#log.stderrTail, memoryMb: this.#deps.memoryMb });
    });
  }

  #listen(process: TaskProcess): void {
    this.#writeFirstLine(process);
    process.listen({
      onMessage: (message) => this.#onMessage(message, process),
      onOutput: (source, bytes) => this.#log.output(source, bytes),
      onOversizedMessage: () => this.#settle({ kind: 'oversized_message', limitBytes: process.messageMaxBytes }),
      onGarbledMessage: () => this.#settle({ kind: 'garbled_message' }),
    });
  }

  /** Its body begins now, or has just begun. */
  #onTurn(): void {
    this.state = 'running';
    if (this.#settled) return;
    this.#deps.linger.began();
    const limitMs = this.#plan?.task.executionTimeoutMs ?? null;
    if (limitMs !== null) this.#timeout = this.#deps.clock.after(limitMs, () => this.#settle({ kind: 'timed_out', limitMs }));
  }

  /** Its turn is near: the note that it begins is written meanwhile, and with that it may stand behind another. */
  async #prepare(bundle: Bundle, told: () => Promise<RunMessage>): Promise<Join | null> {
    this.#early ??= this.#begin(null);
    const [hasBegun, message] = await Promise.all([this.#early, told()]);
    if (!hasBegun || this.#settled) return null;
    this.state = 'begun';
    return (process) => this.#stand(process, bundle, message);
  }

  #stand(process: TaskProcess, bundle: Bundle, message: RunMessage): boolean {
    const { keeper, pool } = this.#deps;
    if (this.#settled || keeper.trustedMs(this) === 0 || !pool.mayTake(process, bundle.hash)) return false;
    const begun = Promise.withResolvers<boolean>();
    const stands = process.follow(message, bundle, {
      liveMs: () => keeper.liveMs(this),
      dismiss: () => {
        this.#place = null;
        pool.takenBack();
        begun.resolve(false);
      },
      begin: () => {
        this.#place = null;
        this.#attach(process);
        this.#listen(process);
        process.allow(keeper.liveMs(this));
        this.#onTurn();
        begun.resolve(true);
      },
    });
    if (!stands) return false;
    this.#place = { process, begun: begun.promise };
    this.#begunBehind = begun.promise;
    return true;
  }

  /** Ends while it stands behind another: it is taken back, or its body has begun meanwhile. Resolves with which. */
  async #leaveHand({ process, begun }: Place): Promise<boolean> {
    process.takeBack();
    const hasBegun = await within(this.#deps.clock, BEGUN_HEARD_MS, begun, null);
    // It has begun, and nobody hears of it: the process stands still.
    if (hasBegun === null) await process.kill();
    return hasBegun !== false;
  }

  /** Null: there is none, or it is not wanted any more. */
  async #takeProcess(bundle: Bundle, told: () => Promise<RunMessage>): Promise<TaskProcess | 'joined' | null> {
    const { pool } = this.#deps;
    probe('supervise.before_spawn');
    const isNear = (offer: (join: Join) => void) => {
      // Whoever awaits the note hears of a failure; nobody does when the turn does not come.
      this.#prepare(bundle, told).then(
        (join) => join !== null && offer(join),
        () => {},
      );
    };
    const process = await pool.acquire(bundle, { isNear, again: this.state === 'begun' });
    if (process === 'joined') return process;
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
        this.#settle({
          kind: 'result',
          result: message.result,
          ends: message.ends === true,
          passedOn: message.next !== undefined,
          ranMs: message.ranMs ?? null,
        });
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

/** What failed before the body began: a missing version or bundle is final, anything else costs nothing. Afterwards the try counts. */
function endingOf(error: unknown, hasBegun: boolean): Ending {
  if (hasBegun)
    return { kind: 'worker_failed', reason: storable(`the worker failed while the task ran: ${(error as Error).message}`, 500) };
  if (isAppError(error) && NOT_FOUND_CODES.has(error.code))
    return { kind: 'unrunnable', error: { name: error.code, message: error.message, stack: '' } };
  return { kind: 'not_prepared', reason: storable(`the attempt could not be prepared: ${(error as Error).message}`, 500) };
}
