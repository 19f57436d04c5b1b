/** Options of sensors, with Airflow's defaults. */
import type { Duration } from '#core/duration.ts';
import { TASK_OPTION_TABLE } from './task-options.ts';
import type { OptionTable } from './unknown-option.ts';

/** Of any sensor. */
export interface WaitOpts {
  /** Between two looks; default 60 s for a check, the kind's own for a wait. */
  every?: Duration;
  /** From the first look of a try, over all of its looks; default 7 days. Running out of time is never tried again. */
  timeout?: Duration;
  onTimeout?: 'fail' | 'skip';
  /** Skips where it would fail, once no try is left. */
  softFail?: boolean;
  /** Skips at the first failure of any kind. */
  neverFail?: boolean;
}

/** Of a sensor whose check is a function. */
export interface SensorOpts extends WaitOpts {
  /** reschedule (default): holds no worker slot between checks. poke: keeps the process and its memory between them. */
  mode?: 'reschedule' | 'poke';
  /** An error of the check is logged and means "not yet". */
  silentFail?: boolean;
  /** Each wait is the last one times this; true = 2; 1 = constant. */
  backoff?: number | boolean;
  /** The longest wait that `backoff` comes to. */
  maxWait?: Duration;
}

export const SENSOR_DEFAULTS = { everyMs: 60_000, timeoutMs: 7 * 86_400_000 } as const;

const { templateFields: _, ...WITHOUT_TEMPLATES } = TASK_OPTION_TABLE;

export const WAIT_SENSOR_OPTION_TABLE: OptionTable = {
  ...WITHOUT_TEMPLATES,
  every: 'known',
  timeout: 'known',
  onTimeout: 'known',
  softFail: 'known',
  neverFail: 'known',
};

export const SENSOR_OPTION_TABLE: OptionTable = {
  ...WAIT_SENSOR_OPTION_TABLE,
  ...TASK_OPTION_TABLE,
  mode: 'known',
  silentFail: 'known',
  backoff: 'known',
  maxWait: 'known',
};
