/** Writes who did what. Called by the web server in the transaction of the change itself. */
import type { Queryable } from '../../client.ts';

const INSERT_AUDIT_ROW = {
  name: 'insert_audit_row',
  text: `insert into audit_log (actor, action, dag_id, run_id, task_id, map_index, request_id, extra)
         values ($1, $2, $3, $4, $5, $6, $7, $8)`,
};

export interface AuditRow {
  readonly actor: string;
  /** "dag.pause", "dag_run.trigger", … */
  readonly action: string;
  readonly dagId: string | null;
  readonly runId: string | null;
  readonly taskId: string | null;
  readonly mapIndex: number | null;
  readonly requestId: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
}

export async function insertAuditRow(db: Queryable, row: AuditRow): Promise<void> {
  await db.query(INSERT_AUDIT_ROW, [
    row.actor,
    row.action,
    row.dagId,
    row.runId,
    row.taskId,
    row.mapIndex,
    row.requestId,
    JSON.stringify(row.extra),
  ]);
}
