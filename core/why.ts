/**
 * Why a task instance does not run, in sentences a person can act on. The scheduler records its reason with the instance,
 * or with the run while that has not started; what it need not record (the instant of the next try, a moment's place in
 * the queue) is added here. The web server and `windlass why` both ask this.
 */
import { formatDuration } from './duration.ts';
import { isFinished, type TaskInstanceState } from './states.ts';

export interface WaitingFacts {
  readonly state: TaskInstanceState;
  /** As recorded. */
  readonly reason: string | null;
  readonly tryNumber: number;
  readonly maxTries: number;
  readonly nextTryAtMs: number | null;
  readonly queue: string;
  readonly runState: string;
  readonly runReason: string | null;
  readonly isDagPaused: boolean;
  readonly isDagBroken: boolean;
  /** Schedulers that live. */
  readonly schedulers: number;
  /** Upstream task id -> whether all its instances have ended. */
  readonly upstream: Readonly<Record<string, boolean>>;
  readonly nowMs: number;
  /** Of a deferred instance. */
  readonly wait?: WaitFacts | null;
}

export interface WaitFacts {
  readonly sinceMs: number;
  /** Null = no time limit. */
  readonly untilMs: number | null;
  /** What the last look saw, and when that was noted. */
  readonly note: string | null;
  readonly lastLookMs: number | null;
  /** Nobody looks: somebody answers. */
  readonly isAnswer: boolean;
  /** Triggerers that live. */
  readonly triggerers: number;
}

/** Most decisive first; empty once the instance runs or has ended. */
export function whyWaiting(facts: WaitingFacts): readonly string[] {
  const { state, reason } = facts;
  if (isFinished(state) || state === 'running') return [];
  // The instant of the next try is said below; "in 5 min" was true when it was recorded.
  const recorded = reason === null ? [] : [asSentence(reason.replace(/; try \d+ of \d+ in [^;]+$/, ''))];
  const notStarted = facts.runState === 'queued';
  const sentences = notStarted ? [...runSentences(facts), ...(state === 'none' ? [] : recorded)] : [...recorded, ...added(facts)];
  if (facts.schedulers === 0) sentences.push('No scheduler lives: start one with windlass scheduler (or npm start).');
  if (facts.isDagBroken) sentences.push('The DAG file is broken now; this run goes on with the last version that was good.');
  return [...new Set(sentences)];
}

function runSentences(facts: WaitingFacts): string[] {
  if (facts.isDagPaused) return ['The DAG is paused: unpause it and this run starts.'];
  return [facts.runReason === null ? 'The run is queued: the scheduler has not started it yet.' : asSentence(facts.runReason)];
}

/** What goes beside the recorded reason, or stands for it while none is recorded. */
function added(facts: WaitingFacts): string[] {
  const { state, reason, nextTryAtMs, nowMs } = facts;
  switch (state) {
    case 'none':
      return reason === null ? [asSentence(waitingForUpstream(facts.upstream) ?? 'the scheduler has not looked at it yet')] : [];
    case 'scheduled':
      return reason === null ? ['Ready: the scheduler queues it next.'] : [];
    case 'queued':
      return reason === null ? [`In the queue ${facts.queue}: a worker takes it next.`] : [];
    case 'restarting':
      return ['It was cleared while it ran: it starts again once its worker has let go of it.'];
    case 'up_for_retry':
    case 'up_for_reschedule': {
      if (nextTryAtMs === null) return [];
      const waits =
        nextTryAtMs > nowMs ? `starts at ${describeInstant(nextTryAtMs)}, in ${formatDuration(nextTryAtMs - nowMs)}` : 'starts now';
      return [state === 'up_for_retry' ? `Try ${facts.tryNumber + 1} of ${facts.maxTries + 1} ${waits}.` : `The next check ${waits}.`];
    }
    case 'deferred':
      return [...(reason === null ? ['It waits without a worker.'] : []), ...(facts.wait ? waitSentences(facts.wait, nowMs) : [])];
    default:
      return [];
  }
}

/** Since when, until when, what the last look saw, and whether anybody looks. */
function waitSentences(wait: WaitFacts, nowMs: number): string[] {
  const { sinceMs, untilMs, note, lastLookMs, isAnswer, triggerers } = wait;
  const until = untilMs === null ? '' : `, until ${describeInstant(untilMs)}`;
  const sentences = [`It has waited since ${describeInstant(sinceMs)} (${formatDuration(Math.max(0, nowMs - sinceMs))})${until}.`];
  if (note !== null && lastLookMs !== null)
    sentences.push(`The last look, ${formatDuration(Math.max(0, nowMs - lastLookMs))} ago: ${asSentence(note)}`);
  if (triggerers === 0 && !isAnswer) sentences.push('No triggerer lives, so nobody looks: start one with windlass triggerer.');
  return sentences;
}

const SHOWN_MAX = 4;

/** "waiting for 2 of 3 upstream tasks: extract, clean"; null = all have ended. */
export function waitingForUpstream(hasEnded: Readonly<Record<string, boolean>>): string | null {
  const all = Object.keys(hasEnded);
  const open = all.filter((taskId) => hasEnded[taskId] === false);
  if (open.length === 0) return null;
  const names = open.slice(0, SHOWN_MAX).join(', ') + (open.length > SHOWN_MAX ? ', …' : '');
  return `waiting for ${open.length} of ${all.length} upstream ${all.length === 1 ? 'task' : 'tasks'}: ${names}`;
}

/** "2026-11-26 14:05:00 UTC" */
export function describeInstant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function asSentence(text: string): string {
  // Names of options and settings stay as they are.
  const capital = /^[a-z]+[A-Z]/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
