/** A running attempt in the database, and what a worker answers to the sync in it: without the processes around. */
import type { RequestBody } from '#core/task-protocol.ts';
import { newId } from '#platform/clock.ts';
import type { Database } from '#platform/db/client.ts';
import { Masker } from '#platform/mask.ts';
import type { TaskHost } from '#sdk/runtime/task-host.ts';
import { answerSync, type SyncingTask } from '../../worker/supervisor/sync-requests.ts';
import { startInstance } from '../webserver/dag-fixtures.ts';

/** A run of the DAG with this one instance, claimed. */
export async function startSyncing(db: Database, dagId: string, taskId: string): Promise<SyncingTask> {
  const [dagRunId, taskInstanceId] = [newId(), newId()];
  const runId = `manual__${dagRunId}`;
  await db.pool.query(
    `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by)
     select $1::uuid, $2, $3, 'manual', 'running', version_id, shard, clock_timestamp(), 'test' from dag where dag_id = $2`,
    [dagRunId, dagId, runId],
  );
  await db.pool.query(
    `insert into task_instance (task_instance_id, dag_run_id, task_id, operator, queue, pool, pool_slots, priority_weight)
     values ($1, $2, $3, 'task', 'default', 'default_pool', 1, 1)`,
    [taskInstanceId, dagRunId, taskId],
  );
  await startInstance(db, taskInstanceId);
  const { rows } = await db.pool.query<{ id: string }>('select attempt_id as id from task_attempt where task_instance_id = $1', [
    taskInstanceId,
  ]);
  return { attemptId: rows[0]?.id ?? '', taskInstanceId, leaseEpoch: 1, dagId, runId, taskId, mapIndex: -1 };
}

/** Ends the attempt as a worker would. */
export async function endSyncing(
  db: Database,
  { taskInstanceId }: SyncingTask,
  outcome: 'success' | 'failed' | 'lost',
  message: string | null = null,
): Promise<void> {
  await db.pool.query(
    `update task_attempt set outcome = $2, ended_at = clock_timestamp(), error = $3 where task_instance_id = $1 and ended_at is null`,
    [taskInstanceId, outcome, message === null ? null : { name: 'Error', message, stack: '' }],
  );
  await db.pool.query(
    `update task_instance set state = $2, lease_owner = null, lease_expires_at = null, ended_at = clock_timestamp() where task_instance_id = $1`,
    [taskInstanceId, outcome === 'success' ? 'success' : 'failed'],
  );
}

/** What the supervisor answers. `onAnswer` runs after each answer. */
export function supervisorOf(
  db: Database,
  task: SyncingTask,
  onAnswer: (what: string) => void = () => undefined,
): Pick<TaskHost, 'request'> {
  return {
    async request(body: RequestBody) {
      const answer = await answerSync({ db, masker: new Masker() }, task, body as Parameters<typeof answerSync>[2]);
      onAnswer(body.what);
      return answer;
    },
  };
}
