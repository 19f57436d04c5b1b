/**
 * The state machine, as data. This is the only place where a transition is written down: the TypeScript
 * unions, the `where state = any(...)` of every update, the database guard, the drawing in docs/, the
 * API's enums and the alphabet of the property tests are all derived from these two tables.
 *
 * Words are Airflow's. `none` is a value, never NULL.
 */

export const TASK_INSTANCE_STATES = [
  'none',
  'scheduled',
  'queued',
  'running',
  'restarting',
  'success',
  'failed',
  'skipped',
  'upstream_failed',
  'up_for_retry',
  'up_for_reschedule',
  'deferred',
  'removed',
] as const;
export type TaskInstanceState = (typeof TASK_INSTANCE_STATES)[number];

export const DAG_RUN_STATES = ['queued', 'running', 'success', 'failed'] as const;
export type DagRunState = (typeof DAG_RUN_STATES)[number];

/** Who may carry a transition out. A worker's transitions are fenced by the lease epoch it claimed. */
export type Actor = 'scheduler' | 'worker' | 'triggerer' | 'user';

export interface Transition {
  readonly from: readonly TaskInstanceState[];
  readonly to: TaskInstanceState;
  readonly by: Actor;
  /** Fenced transitions carry the attempt's lease epoch; zero rows mean the lease is lost. */
  readonly fenced: boolean;
}

const FINISHED = ['success', 'failed', 'skipped', 'upstream_failed', 'removed'] as const;
const UNFINISHED = ['none', 'scheduled', 'queued', 'running', 'restarting', 'up_for_retry', 'up_for_reschedule', 'deferred'] as const;
const NOT_STARTED = ['none', 'scheduled', 'up_for_retry', 'up_for_reschedule'] as const;

export const TASK_INSTANCE_TRANSITIONS = {
  // The scheduler moves an instance towards the queue.
  schedule: { from: ['none', 'up_for_retry', 'up_for_reschedule', 'deferred'], to: 'scheduled', by: 'scheduler', fenced: false },
  enqueue: { from: ['scheduled'], to: 'queued', by: 'scheduler', fenced: false },
  unqueue: { from: ['queued'], to: 'scheduled', by: 'scheduler', fenced: false },
  skip_by_rule: { from: ['none', 'scheduled'], to: 'skipped', by: 'scheduler', fenced: false },
  fail_upstream: { from: ['none', 'scheduled'], to: 'upstream_failed', by: 'scheduler', fenced: false },
  give_up: { from: [...UNFINISHED], to: 'failed', by: 'scheduler', fenced: false },
  skip_unfinished: { from: [...UNFINISHED], to: 'skipped', by: 'scheduler', fenced: false },
  remove: { from: [...UNFINISHED, ...FINISHED.filter((s) => s !== 'removed')], to: 'removed', by: 'scheduler', fenced: false },
  restore: { from: ['removed'], to: 'none', by: 'scheduler', fenced: false },
  // What such a task waits for is known from the DAG file: it needs no worker first.
  start_deferred: { from: ['scheduled'], to: 'deferred', by: 'scheduler', fenced: false },
  succeed_without_work: { from: ['none', 'scheduled'], to: 'success', by: 'scheduler', fenced: false },

  // A worker claims, runs and finishes; every write after the claim carries the epoch.
  start: { from: ['queued'], to: 'running', by: 'worker', fenced: true },
  succeed: { from: ['running'], to: 'success', by: 'worker', fenced: true },
  fail: { from: ['running'], to: 'failed', by: 'worker', fenced: true },
  retry: { from: ['running'], to: 'up_for_retry', by: 'worker', fenced: true },
  skip: { from: ['running'], to: 'skipped', by: 'worker', fenced: true },
  reschedule: { from: ['running'], to: 'up_for_reschedule', by: 'worker', fenced: true },
  defer: { from: ['running'], to: 'deferred', by: 'worker', fenced: true },
  hand_back: { from: ['running'], to: 'scheduled', by: 'worker', fenced: true },
  /** Its body was cleared while it ran, and has ended: the process is gone. */
  confirm_stop: { from: ['restarting'], to: 'none', by: 'worker', fenced: true },

  // An attempt whose lease expired: the scheduler decides, fenced by the epoch it saw.
  lose: { from: ['running', 'restarting'], to: 'up_for_retry', by: 'scheduler', fenced: true },
  fail_lost: { from: ['running', 'restarting'], to: 'failed', by: 'scheduler', fenced: true },
  requeue_unstarted: { from: ['running'], to: 'scheduled', by: 'scheduler', fenced: true },

  // Deferred instances end or wake without a worker.
  wake: { from: ['deferred'], to: 'scheduled', by: 'triggerer', fenced: true },
  succeed_deferred: { from: ['deferred'], to: 'success', by: 'triggerer', fenced: true },
  fail_deferred: { from: ['deferred'], to: 'failed', by: 'triggerer', fenced: true },
  retry_deferred: { from: ['deferred'], to: 'up_for_retry', by: 'triggerer', fenced: true },
  skip_deferred: { from: ['deferred'], to: 'skipped', by: 'triggerer', fenced: true },

  // People change their minds. A running attempt is fenced off by the epoch the same statement raises.
  clear: { from: [...FINISHED, ...NOT_STARTED.filter((s) => s !== 'none'), 'queued', 'deferred'], to: 'none', by: 'user', fenced: false },
  clear_running: { from: ['running'], to: 'restarting', by: 'user', fenced: false },
  restart: { from: ['restarting'], to: 'none', by: 'scheduler', fenced: false },
  mark_success: { from: TASK_INSTANCE_STATES.filter((s) => s !== 'success'), to: 'success', by: 'user', fenced: false },
  mark_failed: { from: TASK_INSTANCE_STATES.filter((s) => s !== 'failed'), to: 'failed', by: 'user', fenced: false },
  mark_skipped: { from: TASK_INSTANCE_STATES.filter((s) => s !== 'skipped'), to: 'skipped', by: 'user', fenced: false },
} as const satisfies Record<string, Transition>;

export type TaskInstanceEvent = keyof typeof TASK_INSTANCE_TRANSITIONS;

export const TASK_INSTANCE_EVENTS = Object.keys(TASK_INSTANCE_TRANSITIONS) as readonly TaskInstanceEvent[];

export const FINISHED_STATES: readonly TaskInstanceState[] = FINISHED;
export const UNFINISHED_STATES: readonly TaskInstanceState[] = UNFINISHED;
/** States that hold a pool slot. */
export const OCCUPYING_STATES: readonly TaskInstanceState[] = ['queued', 'running', 'restarting'];
export const UNFINISHED_RUN_STATES: readonly DagRunState[] = ['queued', 'running'];

const finished: ReadonlySet<TaskInstanceState> = new Set(FINISHED_STATES);

/** Tells whether an instance in this state will not move again by itself. */
export function isFinished(state: TaskInstanceState): boolean {
  return finished.has(state);
}

/** Tells whether the event may be applied to an instance in the state `from`. */
export function isLegal(event: TaskInstanceEvent, from: TaskInstanceState): boolean {
  return (TASK_INSTANCE_TRANSITIONS[event] as Transition).from.includes(from);
}

/**
 * Pairs that one statement may commit together, with both events in the history: an instance that is ready
 * and finds a free slot goes straight on to the queue, or into its wait.
 */
export const COMPOSED_TRANSITIONS: readonly (readonly [TaskInstanceEvent, TaskInstanceEvent])[] = [
  ['schedule', 'enqueue'],
  ['schedule', 'start_deferred'],
];

/** Every distinct (from, to) pair of the table; the database guard and the drawing are made from it. */
export function legalMoves(): readonly (readonly [TaskInstanceState, TaskInstanceState])[] {
  const pairs = new Map<string, readonly [TaskInstanceState, TaskInstanceState]>();
  for (const transition of Object.values(TASK_INSTANCE_TRANSITIONS) as Transition[])
    for (const from of transition.from) pairs.set(`${from}>${transition.to}`, [from, transition.to]);
  for (const [first, second] of COMPOSED_TRANSITIONS)
    for (const from of TASK_INSTANCE_TRANSITIONS[first].from as readonly TaskInstanceState[])
      pairs.set(`${from}>${TASK_INSTANCE_TRANSITIONS[second].to}`, [from, TASK_INSTANCE_TRANSITIONS[second].to]);
  return [...pairs.values()];
}
