/** The body of a task that triggers a run: asks the supervisor for it, waits without a worker, reads what came of it. */
import { AppError } from '#core/errors.ts';
import type { AttemptContext, BodyResult } from '#core/task-protocol.ts';
import type { TaskDefinition, TriggerPlan } from '../definition.ts';
import { makeDeferral } from './deferral.ts';
import { type FoundOutput, resolveOutput } from './run-output.ts';
import type { TaskHost } from './task-host.ts';

export interface TriggerInput {
  readonly params?: unknown;
  readonly runId?: unknown;
  readonly logicalDate?: unknown;
  readonly note?: unknown;
}

type Outcome = { readonly returned: unknown } | { readonly result: BodyResult };

interface Triggered {
  readonly dagId: string;
  readonly runId: string;
  readonly how: 'made' | 'found' | 'exists';
}

/** Rejects with what the supervisor refused. */
export async function runTrigger(
  task: TaskDefinition,
  plan: TriggerPlan,
  context: AttemptContext,
  host: TaskHost,
  input: TriggerInput,
): Promise<Outcome> {
  if (context.resumed !== undefined) {
    const { dagId, runId } = context.resumed.event as Triggered;
    const found = (await host.request({ what: 'run_output', dagId, runId })) as FoundOutput;
    return { returned: resolveOutput(found) };
  }
  const { dagId, runId, how } = (await host.request({
    what: 'trigger_run',
    dagId: plan.dagId,
    runId: textOf(task, 'runId', input.runId),
    conf: confOf(task, input.params),
    logicalDate: instantOf(task, input.logicalDate),
    note: textOf(task, 'note', input.note),
    resetDagRun: plan.resetDagRun,
    skipWhenAlreadyExists: plan.skipWhenAlreadyExists,
    failWhenDagIsPaused: plan.failWhenDagIsPaused,
  })) as Triggered;
  if (how === 'exists') return { result: { outcome: 'skipped', reason: `${dagId} has the run ${runId} already` } };
  host.log('info', `${how === 'found' ? 'had triggered' : 'triggered'} run ${runId} of DAG ${dagId}`, {
    triggered_dag_id: dagId,
    triggered_run_id: runId,
  });
  if (!plan.wait) return { returned: { dagId, runId } };
  const { allowedStates, failedStates, everyMs, timeoutMs } = plan;
  const wait = { kind: 'dag_run', args: { dagId, runId, allowedStates, failedStates }, everyMs } as const;
  return { result: makeDeferral(`"${task.id}"`, wait, context, { timeoutMs }) };
}

function confOf(task: TaskDefinition, params: unknown): Readonly<Record<string, unknown>> {
  const plain: unknown = JSON.parse(JSON.stringify(params ?? {}));
  if (typeof plain === 'object' && plain !== null && !Array.isArray(plain)) return plain as Record<string, unknown>;
  throw new AppError('DAG_INVALID', `The params of "${task.id}" must be an object.`);
}

function textOf(task: TaskDefinition, name: string, value: unknown): string | null {
  if (value === undefined || value === null || typeof value === 'string') return value ?? null;
  throw new AppError('DAG_INVALID', `"${name}" of "${task.id}" must be text.`);
}

function instantOf(task: TaskDefinition, value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null;
  const date = value instanceof Date ? value : new Date(String(value));
  if (!Number.isNaN(date.getTime())) return date.toISOString();
  throw new AppError('DAG_INVALID', `"logicalDate" of "${task.id}" must be a Date or an ISO date, but is ${JSON.stringify(value)}.`);
}
