/** Options of Airflow's SDK in Windlass's words: seconds become durations, names that mean nothing here go. */
import { closest } from '#core/did-you-mean.ts';
import { invalid, isRecord, show } from './invalid.ts';

interface Rule {
  /** Windlass's name; null: no effect here. */
  readonly as: string | null;
  readonly seconds?: true;
}

const SAME = (name: string): Rule => ({ as: name });
const NO_EFFECT: Rule = { as: null };

const DAG_RULES: Readonly<Record<string, Rule>> = {
  schedule: SAME('schedule'),
  description: SAME('description'),
  startDate: SAME('startDate'),
  endDate: SAME('endDate'),
  tags: SAME('tags'),
  dagDisplayName: SAME('displayName'),
  docMd: SAME('docMd'),
  maxActiveTasks: SAME('maxActiveTasks'),
  maxActiveRuns: SAME('maxActiveRuns'),
  maxConsecutiveFailedDagRuns: SAME('maxConsecutiveFailedDagRuns'),
  dagrunTimeout: { as: 'dagrunTimeout', seconds: true },
  catchup: SAME('catchup'),
  failFast: SAME('failFast'),
  // Templates keep the type of their expression here, always.
  renderTemplateAsNativeObj: NO_EFFECT,
  // A run keeps its version; there is no bundle apart from it.
  disableBundleVersioning: NO_EFFECT,
  isPausedUponCreation: SAME('isPausedUponCreation'),
  queue: NO_EFFECT,
};

const TASK_RULES: Readonly<Record<string, Rule>> = {
  taskId: NO_EFFECT,
  owner: SAME('owner'),
  startDate: SAME('startDate'),
  endDate: SAME('endDate'),
  triggerRule: SAME('triggerRule'),
  dependsOnPast: SAME('dependsOnPast'),
  ignoreFirstDependsOnPast: SAME('ignoreFirstDependsOnPast'),
  waitForPastDependsBeforeSkipping: SAME('waitForPastDependsBeforeSkipping'),
  waitForDownstream: SAME('waitForDownstream'),
  retries: SAME('retries'),
  queue: SAME('queue'),
  pool: SAME('pool'),
  poolSlots: SAME('poolSlots'),
  executionTimeout: { as: 'executionTimeout', seconds: true },
  retryDelay: { as: 'retryDelay', seconds: true },
  retryExponentialBackoff: SAME('retryExponentialBackoff'),
  maxRetryDelay: { as: 'maxRetryDelay', seconds: true },
  priorityWeight: SAME('priorityWeight'),
  weightRule: SAME('weightRule'),
  executor: NO_EFFECT,
  doXcomPush: SAME('doXcomPush'),
  returnsDagResult: NO_EFFECT,
  // Airflow's own SDK sends no e-mail either: a task there has no address to send to.
  emailOnFailure: NO_EFFECT,
  emailOnRetry: NO_EFFECT,
  docMd: SAME('docMd'),
  mapIndexTemplate: NO_EFFECT,
  maxActiveTisPerDag: SAME('maxActiveTisPerDag'),
  maxActiveTisPerDagrun: SAME('maxActiveTisPerDagrun'),
};

export type Options = Readonly<Record<string, unknown>>;

export function dagOptions(dagId: string, spec: unknown): Options {
  return translate(`DAG "${dagId}"`, spec, DAG_RULES);
}

/** `dagQueue`: the queue of the DAG, which only names Airflow's coordinator. A task's own, other queue is kept. */
export function taskOptions(where: string, spec: unknown, dagQueue: unknown): Options {
  const { queue, ...options } = translate(where, spec, TASK_RULES);
  return queue === undefined || queue === dagQueue ? options : { ...options, queue };
}

function translate(where: string, spec: unknown, rules: Readonly<Record<string, Rule>>): Options {
  if (!isRecord(spec)) throw invalid(`The options of ${where} must be an object, not ${show(spec)}.`);
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(spec)) {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) throw unknown(where, name, Object.keys(rules));
    if (value === undefined || rule.as === null) continue;
    if (rule.seconds && typeof value !== 'number')
      throw invalid(`Option "${name}" of ${where} must be a number of seconds, not ${show(value)}.`);
    options[rule.as] = rule.seconds ? (value as number) * 1_000 : value;
  }
  return options;
}

function unknown(where: string, name: string, known: readonly string[]): Error {
  const near = closest(name, known);
  return invalid(
    `Unknown option "${name}" of ${where}.${near === null ? ` Known options: ${known.join(', ')}.` : ` Did you mean "${near}"?`}`,
  );
}
