/**
 * The sending end of worker control. A wish is written to the worker's row (so it outlives a lost message and
 * a restart of the monitor), the doorbell is rung, and the answer waits a moment for the worker's own report.
 */
import { AppError } from '#core/errors.ts';
import type { Broker } from '#platform/broker/broker.ts';
import type { WorkerControl } from '#platform/broker/messages.ts';
import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/db/client.ts';
import { setDesiredWorker } from '#platform/db/queries/monitor/set-desired-worker.ts';
import type { ControlResult, ControlVerb, WorkerView } from './api/types.ts';
import type { MonitorReads } from './reads/monitor-reads.ts';

/** The page says "no answer in 3 s"; the wish stays written. */
export const ANSWER_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 40;

/** What each verb wishes for: the worker's `desired_state`. */
export const DESIRED_STATES = { pause: 'paused', resume: 'running', drain: 'draining', stop: 'stopped' } as const satisfies Record<
  ControlVerb,
  string
>;
export type DesiredState = (typeof DESIRED_STATES)[ControlVerb];

export interface Wish {
  readonly workerId: string;
  readonly state: DesiredState | null;
  readonly slots: number | null;
  readonly actor: string;
  readonly requestId: string;
}

export interface ControlDeps {
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly reads: MonitorReads;
}

/** Asks a worker for something. Throws NOT_FOUND when it never lived, CONFLICT when it has stopped. */
export async function controlWorker(deps: ControlDeps, wish: Wish): Promise<ControlResult> {
  const { db, broker, clock, reads } = deps;
  const begunAt = clock.monotonic();
  const askedAt = await setDesiredWorker(db, { ...wish, action: actionOf(wish) });
  if (askedAt === null) throw await refusal(reads, wish.workerId);
  broker.ring('worker_control', { workerId: wish.workerId } satisfies WorkerControl);

  for (;;) {
    const worker = await reads.worker(wish.workerId);
    if (worker === null) throw await refusal(reads, wish.workerId);
    const tookMs = Math.round(clock.monotonic() - begunAt);
    const isDone = isFulfilled(wish, worker);
    if (isDone || tookMs >= ANSWER_WITHIN_MS) {
      reads.expire();
      broker.ring('ui_events', { topics: ['workers'] });
      return { ...outcomeOf(isDone, worker, askedAt), tookMs, worker };
    }
    await clock.sleep(LOOK_EVERY_MS);
  }
}

/** "worker.pause", "worker.set_slots", …, as the audit log has it. */
function actionOf(wish: Wish): string {
  const verb = Object.entries(DESIRED_STATES).find(([, state]) => state === wish.state)?.[0];
  return `worker.${verb ?? 'set_slots'}`;
}

/** Tells whether the worker's own report shows what was wished for. */
export function isFulfilled(wish: Pick<Wish, 'state' | 'slots'>, worker: WorkerView): boolean {
  if (wish.slots !== null && worker.slots !== wish.slots) return false;
  switch (wish.state) {
    case null:
      return true;
    case 'running':
      return worker.status === 'online';
    case 'paused':
      return worker.status === 'paused';
    case 'draining':
      return worker.status === 'draining' || worker.status === 'stopped';
    case 'stopped':
      return worker.status === 'stopped';
  }
}

function outcomeOf(isDone: boolean, worker: WorkerView, askedAt: Date): Pick<ControlResult, 'outcome' | 'message'> {
  const name = worker.workerId;
  if (isDone) return { outcome: 'done', message: `${name} did it.` };
  if (new Date(worker.lastHeartbeatAt) >= askedAt)
    return { outcome: 'accepted', message: `${name} has heard it and is on its way; it has ${worker.tasks.length} tasks in hand.` };
  return {
    outcome: 'no_answer',
    message: `No answer from ${name} in ${ANSWER_WITHIN_MS / 1000} s. The wish is kept: the worker follows it as soon as it reads it.`,
  };
}

async function refusal(reads: MonitorReads, workerId: string): Promise<AppError> {
  const worker = await reads.worker(workerId);
  if (worker === null) return new AppError('NOT_FOUND', `There is no worker ${JSON.stringify(workerId)}. See GET /api/v1/workers.`);
  return new AppError('CONFLICT', `${workerId} stopped at ${worker.stoppedAt}. Start another one: windlass worker`);
}
