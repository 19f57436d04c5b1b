/** Says in sentences why an instance has not started, and what a person can do about it. */

import type { TaskSpec } from '#core/dag-spec.ts';
import { isFinished } from '#core/states.ts';
import type { DagRunRow } from '#platform/db/queries/api/dag-run-row.ts';
import type { TaskInstanceRow } from '#platform/db/queries/api/task-instance-row.ts';
import type { WaitingFacts } from '#platform/db/queries/ui/read-waiting-facts.ts';
import { iso } from '../http/iso.ts';

const SHOWN_UPSTREAMS = 4;

export interface WaitingQuestion {
  readonly instance: TaskInstanceRow;
  readonly run: DagRunRow;
  readonly task: Pick<TaskSpec, 'upstream'>;
  readonly facts: WaitingFacts;
  readonly maxActiveRuns: number;
}

/** Most decisive first; empty once the instance runs or has ended. */
export function waitingFor(question: WaitingQuestion): readonly string[] {
  const { instance, facts } = question;
  if (isFinished(instance.state) || instance.state === 'running' || instance.state === 'restarting') return [];
  const sentences = [
    ...runSentences(question),
    ...(instance.state === 'none' ? upstreamSentences(question) : []),
    ...(instance.state === 'scheduled' ? poolSentences(instance, facts) : []),
    ...(instance.state === 'queued' ? queueSentences(instance, facts) : []),
    ...(instance.next_try_at !== null && instance.state.startsWith('up_for')
      ? [`The next try starts at ${iso(instance.next_try_at)}.`]
      : []),
  ];
  const reason = instance.reason === null ? [] : [asSentence(instance.reason)];
  // The scheduler's own words come last when they only repeat what was looked up just now.
  return [...new Set([...sentences, ...reason.filter((text) => !sentences.some((sentence) => sentence.startsWith(text.slice(0, 24))))])];
}

function runSentences({ run, facts, maxActiveRuns }: WaitingQuestion): string[] {
  if (run.state !== 'queued') return [];
  if (facts.is_paused) return ['The DAG is paused: unpause it and this run starts.'];
  if (facts.is_backfill_paused) return ['The backfill of this run is paused: let it go on and this run starts.'];
  const ofBackfill = facts.backfill_max_active_runs;
  if (ofBackfill !== null)
    return [`The run is queued: ${facts.running_runs} of ${ofBackfill} runs of its backfill are active (max_active_runs).`];
  if (facts.running_runs >= maxActiveRuns)
    return [`The run is queued: ${facts.running_runs} of ${maxActiveRuns} runs of this DAG are active (maxActiveRuns).`];
  return [run.reason === null ? 'The run is queued: the scheduler has not started it yet.' : asSentence(run.reason)];
}

function upstreamSentences({ task, facts }: WaitingQuestion): string[] {
  const open = task.upstream.filter((taskId) => facts.upstream[taskId] === false);
  if (open.length === 0) return [];
  const names = open.slice(0, SHOWN_UPSTREAMS).join(', ') + (open.length > SHOWN_UPSTREAMS ? ', …' : '');
  return [`Waiting for ${open.length} of ${task.upstream.length} upstream tasks: ${names}.`];
}

function poolSentences(instance: TaskInstanceRow, facts: WaitingFacts): string[] {
  if (facts.pool_slots === null)
    return [`There is no pool ${instance.pool}: create it (Pools, or POST /api/v2/pools), or change the task's pool.`];
  if (facts.pool_slots < 0 || facts.pool_occupied + instance.pool_slots <= facts.pool_slots) return [];
  return [`The pool ${instance.pool} is full: ${facts.pool_occupied} of ${facts.pool_slots} slots are taken.`];
}

function queueSentences(instance: TaskInstanceRow, facts: WaitingFacts): string[] {
  if (facts.workers === 0)
    return [
      `No worker listens on the queue ${instance.queue}: start one with WINDLASS_WORKER_QUEUES=${instance.queue}, or resume a paused one.`,
    ];
  if (facts.free_slots === 0) return [`All slots of the ${facts.workers} worker(s) on the queue ${instance.queue} are taken.`];
  return [`In the queue ${instance.queue}: a worker takes it next.`];
}

function asSentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
