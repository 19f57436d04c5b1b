/** Probes of the worker: deliveries are heard and claimed, bodies begun, watched and finished, callbacks called. */
import type { Probe } from './probe-table.ts';

const here = <Room extends string>(room: Room, done: string, lacks: string, outcome: string) =>
  ({ process: 'worker', room, done, lacks, outcome }) as const satisfies Probe;

const STAYS_QUEUED = 'The instance stays queued and is rung again; another worker runs it.';
const FREE = 'The lease runs out; the attempt is lost before its body began, and is queued again for free, also without retries.';
const COSTS_A_TRY = 'The lease runs out; the body may have begun, so the try counts: another one, or the end when none is left.';
const ENDED_ONCE = 'The end is written or not: written, it holds; not written, the attempt is lost. Nothing is won twice.';
const CALLED_AGAIN = 'The callback is called again by another worker; it changes no state of a task.';
const NO_HARM = 'What was written holds; a repeated delivery claims nothing.';

export const WORKER_PROBES = {
  'consume.received': here('worker', 'ids have come from the broker', 'the claim', STAYS_QUEUED),
  'consume.before_claim': here('worker', 'a slot is taken', 'the claim', STAYS_QUEUED),
  'consume.after_claim': here('worker', 'the claim is in Postgres', 'anybody here who knows of it', FREE),
  'consume.before_ack': here('platform/broker', 'every id of the batch is claimed or forgotten', 'the acknowledgement', NO_HARM),
  'consume.after_ack': here('platform/broker', 'the broker has forgotten the batch', 'nothing', NO_HARM),

  'supervise.before_spawn': here('worker/supervisor', 'the attempt is claimed', 'a task process', FREE),
  'supervise.after_spawn': here('worker/supervisor', 'a task process is held', 'the note that the body begins', FREE),
  'supervise.before_begin': here('worker', 'nothing new', 'the note that the body begins', FREE),
  'supervise.after_begin': here('worker', 'Postgres says that the body begins', 'the body', COSTS_A_TRY),
  'supervise.before_body': here('worker/supervisor', 'the inputs are read', 'the order to run the body', COSTS_A_TRY),
  'supervise.after_body_sent': here('worker/supervisor', 'the body runs', 'its first heartbeat', COSTS_A_TRY),
  'supervise.before_renew': here('worker', 'the body runs', 'a longer lease', COSTS_A_TRY),
  'supervise.after_renew': here('worker', 'the lease is longer in Postgres', 'the dead-man switch of the process', COSTS_A_TRY),
  'supervise.result_heard': here('worker/supervisor', 'the body has ended', 'anything in Postgres', COSTS_A_TRY),
  'supervise.child_exited': here('worker/supervisor', 'the task process has died', 'anything in Postgres', COSTS_A_TRY),
  'supervise.before_log_flush': here('worker/supervisor', 'the process is free', 'the last lines of the log', COSTS_A_TRY),
  'supervise.after_log_flush': here('worker/supervisor', 'the log says how it ended', 'the end in Postgres', COSTS_A_TRY),
  'supervise.before_finish': here('worker', 'the log says how it ended', 'the end in Postgres', COSTS_A_TRY),
  'supervise.after_finish': here('worker', 'the end is in Postgres', 'the ring of the scheduler', ENDED_ONCE),
  'supervise.before_confirm_stopped': here(
    'worker/supervisor',
    'the process of a cleared body is gone',
    'the word that it is',
    'The end of the lease says it instead; the cleared instance runs anew.',
  ),
  'supervise.before_hand_back': here(
    'worker',
    'the worker drains, its time is over',
    'the end of the bodies it holds',
    'Bodies are lost with the worker; another worker tries them again.',
  ),

  'xcom.before_put': here('platform/xcom', 'the body has ended', 'its large value in the backend', COSTS_A_TRY),
  'xcom.before_rename': here(
    'platform/xcom',
    'a file without a name that counts',
    'its name',
    'Nobody reads half a value; the leftover is collected.',
  ),
  'xcom.after_put': here(
    'platform/xcom',
    'the value lies in the backend',
    'the reference in Postgres',
    'A value nobody refers to is collected; one that is referred to is there.',
  ),

  'triggerRun.before_mark': here(
    'worker/supervisor',
    'a run of another DAG is written',
    'whose run it is, and the commit',
    'Both or neither; the next attempt finds the run or makes it.',
  ),
  'triggerRun.after_commit': here(
    'worker/supervisor',
    'the triggered run exists',
    'the word to the body',
    'The next attempt finds the run of the one before: one run.',
  ),

  'callbacks.before_claim': here('worker/callbacks', 'callbacks are requested', 'the claim', CALLED_AGAIN),
  'callbacks.after_claim': here('worker/callbacks', 'a call is claimed', 'the call', CALLED_AGAIN),
  'callbacks.before_finish': here('worker/callbacks', 'the call was made', 'the word that it was', CALLED_AGAIN),
  'callbacks.after_finish': here('worker/callbacks', 'the call is done in Postgres', 'the news for pages', NO_HARM),
} as const;
