/**
 * How every state looks: its word, its icon, its colour and what it means in one sentence. State is never told
 * by colour alone. The records are exhaustive over core/states.ts, so a new state does not compile without a look.
 */
import {
  Ban,
  Check,
  CircleDashed,
  CircleHelp,
  CircleSlash,
  ClockFading,
  Hourglass,
  ListEnd,
  LoaderCircle,
  type LucideIcon,
  Moon,
  RefreshCw,
  RotateCw,
  SkipForward,
  Undo2,
  Unplug,
  X,
} from 'lucide-react';
import type { DagRunState, TaskInstanceState } from '#core/states.ts';

export interface StateLook {
  /** The word people read; Airflow's name with spaces. */
  readonly word: string;
  readonly icon: LucideIcon;
  /** A CSS colour: a `var(--st-…)` token. */
  readonly color: string;
  /** One sentence for tooltips and legends. */
  readonly meaning: string;
  /** True while something happens by itself: the icon turns, bars move like a rope. */
  readonly isMoving: boolean;
}

export type AnyState = TaskInstanceState | DagRunState;

function look(word: string, icon: LucideIcon, token: string, meaning: string, isMoving = false): StateLook {
  return { word, icon, color: `var(--st-${token})`, meaning, isMoving };
}

const LOOKS: Readonly<Record<AnyState, StateLook>> = {
  none: look('no status', CircleDashed, 'none', 'Not looked at yet: its upstreams have not ended.'),
  scheduled: look('scheduled', ClockFading, 'scheduled', 'Its trigger rule is met; it waits for a free place.'),
  queued: look('queued', ListEnd, 'queued', 'Handed to the queue; the next free worker takes it.'),
  running: look('running', LoaderCircle, 'running', 'A worker runs it right now.', true),
  restarting: look('restarting', RefreshCw, 'restarting', 'Cleared while it ran; it starts again once the old attempt is gone.', true),
  success: look('success', Check, 'success', 'Ended well.'),
  failed: look('failed', X, 'failed', 'Ended badly; no tries are left.'),
  skipped: look('skipped', SkipForward, 'skipped', 'Left out by a branch, a gate or its trigger rule.'),
  upstream_failed: look('upstream failed', Unplug, 'upstream_failed', 'Never started: something before it failed.'),
  up_for_retry: look('up for retry', RotateCw, 'up_for_retry', 'Failed, and will be tried again.'),
  up_for_reschedule: look('up for reschedule', Hourglass, 'up_for_reschedule', 'A sensor waiting for its next look, holding no slot.'),
  deferred: look('deferred', Moon, 'deferred', 'Waits outside any worker for an event.'),
  removed: look('removed', Ban, 'removed', 'The task is no longer in the DAG.'),
};

/** How an attempt may end beside the states above (task_attempt.outcome). */
const OUTCOME_LOOKS: Readonly<Record<string, StateLook>> = {
  lost: look('lost', Unplug, 'upstream_failed', 'The worker fell silent and the lease ran out.'),
  killed: look('killed', CircleSlash, 'failed', 'Stopped from outside: cleared, marked or timed out.'),
  rescheduled: look('rescheduled', Hourglass, 'up_for_reschedule', 'A sensor that gave its slot back until its next look.'),
  handed_back: look('handed back', Undo2, 'scheduled', 'The worker was stopping and gave it back; another one takes it.'),
};

const UNKNOWN = look('unknown', CircleHelp, 'none', 'A state this page does not know.');

/** The states in the order legends and counts show them: ended well, busy, waiting, ended badly, quiet. */
export const STATE_ORDER: readonly AnyState[] = [
  'failed',
  'upstream_failed',
  'up_for_retry',
  'running',
  'restarting',
  'queued',
  'scheduled',
  'up_for_reschedule',
  'deferred',
  'none',
  'success',
  'skipped',
  'removed',
];

/** The look of a state; a word from outside the table gets a neutral look that shows the word itself. */
export function lookOf(state: string): StateLook {
  const known = Object.hasOwn(LOOKS, state)
    ? LOOKS[state as AnyState]
    : Object.hasOwn(OUTCOME_LOOKS, state)
      ? OUTCOME_LOOKS[state]
      : undefined;
  return known ?? { ...UNKNOWN, word: state, icon: CircleSlash };
}
