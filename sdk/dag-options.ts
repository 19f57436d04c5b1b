/** Options of a DAG: the author's form, and the settings made from it. */

import { DAG_CALLBACK_OPTIONS } from '#core/callbacks.ts';
import { type Catchup, DAG_DEFAULTS } from '#core/dag-spec.ts';
import type { Duration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import type { DagRunType } from '#core/ids.ts';
import type { Callbacks } from './callback-event.ts';
import { type CallbackLists, readCallbacks } from './callback-options.ts';
import { type DeadlineOpts, type DeadlineSettings, readDeadlines } from './deadline.ts';
import { readName, readOwnerLinks, readTags } from './looks.ts';
import * as read from './option-values.ts';
import { readRunTypes } from './read-run-types.ts';
import { type ReadSchedule, readSchedule } from './read-schedule.ts';
import type { Schedule } from './schedule.ts';
import { isStandardSchema, type StandardSchemaV1 } from './standard-schema.ts';
import type { TaskOpts } from './task-options.ts';
import { readTemplateSettings, type TemplateSettings } from './template-settings.ts';
import { checkOptions, type OptionTable } from './unknown-option.ts';

export interface DagOpts<P extends StandardSchemaV1> {
  schedule?: Schedule;
  startDate?: Date | string;
  endDate?: Date | string;
  /**
   * Ticks missed before the DAG was active: 'all' (or true) gives each a run, 'latest' (or false, the default) the
   * newest one, 'none' none: only ticks from now on.
   */
  catchup?: boolean | 'none' | 'latest' | 'all';
  /**
   * A new DAG runs its newest tick at once; a duration: if that is no longer ago. Has no effect together with catchup
   * 'all' and a startDate.
   */
  runImmediately?: boolean | Duration;
  /** Any Standard Schema (zod, valibot, arktype) of an object. Makes the trigger form and types `ctx.params`. */
  params?: P;
  tags?: readonly string[];
  /** Shown instead of the id. */
  displayName?: string;
  /** Whose it is. Default: the owner of its `defaultArgs`. */
  owner?: string;
  /** Where owners are found: { "data team": "https://…" }, http(s) or mailto. */
  ownerLinks?: Readonly<Record<string, string>>;
  description?: string;
  /** Markdown, or the path of an .md file beside the DAG file. */
  docMd?: string;
  maxActiveRuns?: number;
  maxActiveTasks?: number;
  maxConsecutiveFailedDagRuns?: number;
  dagrunTimeout?: Duration;
  /** The first failed task fails the run. */
  failFast?: boolean;
  /** Overrides the server's setting for a DAG seen for the first time. */
  isPausedUponCreation?: boolean;
  /** Only runs of these kinds may be made. Must include the kind that the schedule makes. */
  allowedRunTypes?: readonly DagRunType[];
  /** Unfinished runs always use the newest code, instead of the version they began with. */
  disableBundleVersioning?: boolean;
  /** Options of every task, unless the task says otherwise. */
  defaultArgs?: TaskOpts;
  /** Names that templates of this DAG know: values, or functions that answer at once. */
  userDefinedMacros?: Readonly<Record<string, unknown>>;
  /** Filters of this DAG's templates: `value | name(arguments)`. */
  userDefinedFilters?: Readonly<Record<string, (value: never, ...args: never[]) => unknown>>;
  /** A template that is one expression gives its value, not a text of it. */
  renderAsNative?: boolean;
  /** By when a run has to have ended; one or a list. */
  deadline?: DeadlineOpts | readonly DeadlineOpts[];
  /** Called by a worker after the run's end was written, at least once each; a failure is tried again and never changes the run. */
  onFailureCallback?: Callbacks;
  onSuccessCallback?: Callbacks;
}

export const DAG_OPTION_TABLE: OptionTable = {
  schedule: 'known',
  startDate: 'known',
  endDate: 'known',
  catchup: 'known',
  runImmediately: 'known',
  params: 'known',
  tags: 'known',
  displayName: 'known',
  owner: 'known',
  ownerLinks: 'known',
  description: 'known',
  docMd: 'known',
  maxActiveRuns: 'known',
  maxActiveTasks: 'known',
  maxConsecutiveFailedDagRuns: 'known',
  dagrunTimeout: 'known',
  failFast: 'known',
  isPausedUponCreation: 'known',
  allowedRunTypes: 'known',
  disableBundleVersioning: 'known',
  defaultArgs: 'known',
  userDefinedMacros: 'known',
  userDefinedFilters: 'known',
  renderAsNative: 'known',
  deadline: 'known',
  onFailureCallback: 'known',
  onSuccessCallback: 'known',
};

export interface DagSettings {
  readonly schedule: ReadSchedule;
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly catchup: Catchup;
  readonly runImmediately: boolean | number;
  readonly tags: readonly string[];
  /** Absent in bundles of an older sdk. */
  readonly looks?: { readonly displayName?: string; readonly ownerLinks?: Readonly<Record<string, string>> };
  readonly owner: string;
  readonly description: string | null;
  readonly docMd: string | null;
  readonly maxActiveRuns: number;
  readonly maxActiveTasks: number;
  readonly maxConsecutiveFailedDagRuns: number;
  readonly dagrunTimeoutMs: number | null;
  readonly failFast: boolean;
  readonly isPausedUponCreation: boolean | null;
  /** Absent in bundles of an older sdk. */
  readonly callbacks?: CallbackLists | null;
  readonly deadlines?: readonly DeadlineSettings[];
  /** Null = all. */
  readonly allowedRunTypes?: readonly DagRunType[] | null;
  readonly disableBundleVersioning?: boolean;
  readonly templates?: TemplateSettings;
}

/** Makes the options definite. Throws DAG_INVALID naming the option. */
export function readDagSettings(dagId: string, options: object): DagSettings {
  const where = `DAG "${dagId}"`;
  checkOptions(where, options, DAG_OPTION_TABLE);
  const given = options as Readonly<Record<string, unknown>>;
  const optional = <T, F>(name: string, reader: (place: read.Place, value: unknown) => T, fallback: F): T | F =>
    given[name] === undefined || given[name] === null ? fallback : reader({ where, name }, given[name]);
  const atLeast = (least: number) => (place: read.Place, value: unknown) => read.wholeNumber(place, value, least);
  if (given['params'] !== undefined && !isStandardSchema(given['params']))
    throw new AppError(
      'DAG_INVALID',
      `Option "params" of ${where} must be a schema of an object, like z.object({ limit: z.number().default(10) }).`,
    );
  const startDate = optional('startDate', read.instant, null);
  const endDate = optional('endDate', read.instant, null);
  if (startDate !== null && endDate !== null && endDate < startDate)
    throw new AppError('DAG_INVALID', `endDate (${endDate}) of ${where} lies before its startDate (${startDate}).`);
  const schedule = readSchedule(dagId, given['schedule']);
  const continuous = schedule.spec.kind === 'continuous';
  const maxActiveRuns = optional('maxActiveRuns', atLeast(1), continuous ? 1 : DAG_DEFAULTS.maxActiveRuns);
  if (continuous && maxActiveRuns !== 1)
    throw new AppError(
      'DAG_INVALID',
      `${where} runs @continuous, one run after the other: maxActiveRuns must be 1, but is ${maxActiveRuns}.`,
    );
  return {
    schedule,
    startDate,
    endDate,
    catchup: optional('catchup', readCatchup, DAG_DEFAULTS.catchup),
    runImmediately: optional('runImmediately', readImmediately, false),
    tags: optional('tags', readTags, []),
    looks: {
      ...readName(where, given),
      ...(given['ownerLinks'] !== undefined && { ownerLinks: readOwnerLinks(where, given['ownerLinks']) }),
    },
    owner: optional('owner', read.text, ownerOfTasks(where, given['defaultArgs'])),
    description: optional('description', read.text, null),
    docMd: optional('docMd', read.text, null),
    maxActiveRuns,
    maxActiveTasks: optional('maxActiveTasks', atLeast(1), DAG_DEFAULTS.maxActiveTasks),
    maxConsecutiveFailedDagRuns: optional('maxConsecutiveFailedDagRuns', atLeast(0), DAG_DEFAULTS.maxConsecutiveFailedDagRuns),
    dagrunTimeoutMs: optional('dagrunTimeout', read.durationMs, null),
    failFast: optional('failFast', read.flag, false),
    isPausedUponCreation: optional('isPausedUponCreation', read.flag, null),
    callbacks: readCallbacks(where, given, DAG_CALLBACK_OPTIONS),
    deadlines: readDeadlines(where, given['deadline']),
    allowedRunTypes: optional('allowedRunTypes', (place, value) => readRunTypes(place, value, schedule), null),
    disableBundleVersioning: optional('disableBundleVersioning', read.flag, false),
    templates: readTemplateSettings(where, given),
  };
}

/** Files that come from Airflow name the owner in their defaults only. What else is wrong with these the tasks say. */
function ownerOfTasks(where: string, defaultArgs: unknown): string {
  const owner = (defaultArgs as { owner?: unknown } | null | undefined)?.owner;
  return owner === undefined || owner === null ? DAG_DEFAULTS.owner : read.text({ where, name: 'defaultArgs.owner' }, owner);
}

function readImmediately(place: read.Place, value: unknown): boolean | number {
  return typeof value === 'boolean' ? value : read.durationMs(place, value);
}

const CATCHUP = new Map<unknown, Catchup>([
  [true, true],
  ['all', true],
  [false, false],
  ['latest', false],
  ['none', 'none'],
]);

function readCatchup(place: read.Place, value: unknown): Catchup {
  const known = CATCHUP.get(value);
  if (known !== undefined) return known;
  throw new AppError(
    'DAG_INVALID',
    `Option "${place.name}" of ${place.where} must be "none", "latest" (or false) or "all" (or true), but is ${JSON.stringify(value)}.`,
  );
}
