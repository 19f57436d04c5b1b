/** Kinds whose waiters are looked at in one statement, however many they are. */
import { judgeExternal } from '#core/waiting/external.ts';
import type { Queryable } from '#platform/db/client.ts';
import { lookDagRuns } from '#platform/db/queries/waiting/look-dag-runs.ts';
import { lookEvents } from '#platform/db/queries/waiting/look-events.ts';
import { type ExternalAnswer, type ExternalQuestion, lookExternalTasks } from '#platform/db/queries/waiting/look-external-tasks.ts';
import type { Seen } from '#platform/waiting/look.ts';
import type { HeldWaiter } from './held-waiter.ts';

export type TogetherKind = 'external_task' | 'dag_run' | 'event';

type Looked = ReadonlyMap<HeldWaiter, Seen>;

export const LOOK_TOGETHER: Readonly<Record<TogetherKind, (db: Queryable, waiters: readonly HeldWaiter[]) => Promise<Looked>>> = {
  external_task: lookAtTasks,
  dag_run: lookAtRuns,
  event: lookAtEvents,
};

async function lookAtTasks(db: Queryable, waiters: readonly HeldWaiter[]): Promise<Looked> {
  const questions = waiters.flatMap(({ taskInstanceId, args }): readonly ExternalQuestion[] =>
    (args['logicalDates'] as readonly string[]).map((date) => ({
      taskInstanceId,
      dagId: String(args['dagId']),
      taskIds: (args['taskIds'] as readonly string[] | undefined) ?? null,
      groupId: (args['groupId'] as string | undefined) ?? null,
      logicalDate: new Date(date),
      checkExistence: args['checkExistence'] === true,
    })),
  );
  const answers = Map.groupBy(await lookExternalTasks(db, questions), (answer) => answer.taskInstanceId);
  return new Map(waiters.map((waiter) => [waiter, seenOf(waiter, answers.get(waiter.taskInstanceId) ?? [])]));
}

function seenOf({ args, words }: HeldWaiter, answers: readonly ExternalAnswer[]): Seen {
  const verdict = judgeExternal(args, answers);
  switch (verdict.verdict) {
    case 'wait':
      return { seen: 'nothing', note: verdict.note };
    case 'found':
      return { seen: 'found', value: null };
    case 'skip':
      return { seen: 'skip', reason: `${words}: ${verdict.reason}` };
    case 'fail':
      return { seen: 'hopeless', error: { name: 'ExternalTaskFailed', message: `${words}: ${verdict.reason}` }, retryable: true };
    case 'missing':
      return { seen: 'hopeless', error: { name: 'ExternalTaskMissing', message: verdict.reason }, retryable: true };
  }
}

async function lookAtRuns(db: Queryable, waiters: readonly HeldWaiter[]): Promise<Looked> {
  const questions = waiters.map(({ taskInstanceId, args }) => ({
    taskInstanceId,
    dagId: String(args['dagId']),
    runId: String(args['runId']),
  }));
  const states = new Map((await lookDagRuns(db, questions)).map(({ taskInstanceId, state }) => [taskInstanceId, state]));
  return new Map(waiters.map((waiter) => [waiter, seenRun(waiter, states.get(waiter.taskInstanceId) ?? null)]));
}

function seenRun({ args, words }: HeldWaiter, state: string | null): Seen {
  const { dagId, runId } = args as { readonly dagId: string; readonly runId: string };
  if (state === null) return { seen: 'hopeless', error: { name: 'DagRunMissing', message: `${words} was deleted` }, retryable: true };
  if ((args['allowedStates'] as readonly string[]).includes(state)) return { seen: 'found', value: { dagId, runId, state } };
  if ((args['failedStates'] as readonly string[]).includes(state))
    return { seen: 'hopeless', error: { name: 'DagRunFailed', message: `${words} is ${state}` }, retryable: true };
  return { seen: 'nothing', note: `the run is ${state}` };
}

async function lookAtEvents(db: Queryable, waiters: readonly HeldWaiter[]): Promise<Looked> {
  const questions = waiters.map(({ taskInstanceId, args }) => ({
    taskInstanceId,
    name: String(args['name']),
    afterEventId: Number(args['afterEventId'] ?? 0),
  }));
  const events = new Map((await lookEvents(db, questions)).map((event) => [event.taskInstanceId, event]));
  return new Map(
    waiters.map((waiter): [HeldWaiter, Seen] => {
      const event = events.get(waiter.taskInstanceId);
      if (!event) return [waiter, { seen: 'nothing', note: 'no such event yet' }];
      return [waiter, { seen: 'found', value: { eventId: event.eventId, payload: event.payload } }];
    }),
  );
}
