/** Options of a task that triggers a run of another DAG: Airflow's, in camelCase. */

import type { Duration } from '#core/duration.ts';
import type { DagRunState } from '#core/states.ts';
import type { Node, Ref } from './ref.ts';
import { TASK_OPTION_TABLE } from './task-options.ts';
import type { OptionTable } from './unknown-option.ts';

type Text = string | Ref<string>;

export interface TriggerOpts {
  after?: Node | readonly Node[];
  /** Default: one is made, the same for every attempt of a try, so that none triggers twice. May be a template. */
  runId?: Text;
  /** Default: none. May be a template. */
  logicalDate?: Date | Text;
  /** May be a template. */
  note?: Text;
  /** A run of this id or logical date is cleared and run again; default: the try fails. */
  resetDagRun?: boolean;
  /** Skips the task when there is such a run. */
  skipWhenAlreadyExists?: boolean;
  /** Default: the run waits until somebody unpauses the DAG. */
  failWhenDagIsPaused?: boolean;
  /** With `wait`: the states of the run that are success; default success. */
  allowedStates?: readonly DagRunState[];
  /** With `wait`: the states of the run that fail the try; default failed. */
  failedStates?: readonly DagRunState[];
  /** With `wait`: between two looks; the end of the run is heard at once anyway. */
  every?: Duration;
  /** With `wait`: the try fails when the run takes longer; the run goes on. */
  timeout?: Duration;
}

/** What a task that does not wait returns. */
export interface TriggeredRun {
  readonly dagId: string;
  readonly runId: string;
}

/** Those that any other task has not; `params` are the other DAG's. */
export const OWN_TRIGGER_OPTIONS: OptionTable = {
  params: 'known',
  conf: 'known',
  wait: 'known',
  runId: 'known',
  logicalDate: 'known',
  note: 'known',
  resetDagRun: 'known',
  skipWhenAlreadyExists: 'known',
  failWhenDagIsPaused: 'known',
  allowedStates: 'known',
  failedStates: 'known',
  every: 'known',
  timeout: 'known',
};

export const TRIGGER_OPTION_TABLE: OptionTable = { ...TASK_OPTION_TABLE, ...OWN_TRIGGER_OPTIONS };
