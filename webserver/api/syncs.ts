/** /syncs: how far each stream came, and letting it begin from the start. Not in Airflow. */
import { z } from 'zod';
import { AppError } from '#core/errors.ts';
import type { Queryable } from '#platform/db/client.ts';
import { findSync, listSyncs, type SyncRow } from '#platform/db/queries/sync/list-syncs.ts';
import { askReset, withdrawReset } from '#platform/sync/ask-reset.ts';
import { iso } from '../http/iso.ts';
import { anyState, exactly, flag, integer, listQuery, pattern, type QueryFilter } from '../http/list-query-schema.ts';
import { principalOf, type Route, route, type WebDeps } from '../http/route.ts';
import * as answers from './answers/syncs.ts';

const SEARCH: QueryFilter = {
  schema: z.string().max(250),
  toFilters: (value) => [{ field: 'search', operator: 'contains', value: String(value).toLowerCase() }],
};

const FILTERS = {
  search: SEARCH,
  dag_id: exactly('dag_id'),
  dag_id_pattern: pattern('dag_id'),
  task_id: exactly('task_id'),
  stream: exactly('stream'),
  destination: exactly('destination'),
  state: anyState('state', ['running', 'success', 'failed']),
  is_reset_pending: flag('is_reset_pending'),
};

const ORDERING = {
  fields: {
    id: 'sync_id',
    stream: 'stream',
    dag_id: 'dag_id',
    task_id: 'task_id',
    destination: 'destination',
    rows_total: 'rows_total',
    last_attempt: 'last_at',
    updated_at: 'updated_at',
  },
  default: ['stream', 'dag_id'],
};

const syncPath = z.object({ sync_id: integer });
const resetBody = z.strictObject({
  rows: z.enum(['keep', 'remove']).optional().describe('Of a stream that only adds rows it has to be said; else they are kept.'),
});

export function syncRoutes(deps: WebDeps): readonly Route[] {
  const ringSyncs = () => deps.broker.ring('ui_events', { topics: ['syncs'] });
  return [
    route({
      method: 'GET',
      url: '/api/v2/syncs',
      permission: 'viewer',
      summary: 'List the streams that tasks sync: how far each came, and its last attempt. Not in Airflow.',
      response: answers.syncs,
      query: listQuery(FILTERS, ORDERING),
      async handle({ db, query }) {
        const page = await listSyncs(db, query);
        return { syncs: page.rows.map(syncShape), total_entries: page.total };
      },
    }),
    route({
      method: 'GET',
      url: '/api/v2/syncs/:sync_id',
      permission: 'viewer',
      summary: 'One stream. Not in Airflow.',
      response: answers.sync,
      params: syncPath,
      handle: async ({ db, params }) => syncShape(await requireSync(db, params.sync_id)),
    }),
    route({
      method: 'POST',
      url: '/api/v2/syncs/:sync_id/reset',
      permission: 'user',
      audit: 'sync.reset',
      summary: 'Let the next run of a stream begin from the start, with the rows that are there kept or removed. Not in Airflow.',
      response: answers.sync,
      params: syncPath,
      body: resetBody,
      async handle(context) {
        const { db, params, body, audit, afterCommit } = context;
        const row = await requireSync(db, params.sync_id);
        const rows = await askReset(db, row, body.rows ?? null, principalOf(context).username);
        audit({ ...subjectOf(row), extra: { stream: row.stream, destination: row.destination, rows } });
        afterCommit(ringSyncs);
        return syncShape(await requireSync(db, params.sync_id));
      },
    }),
    route({
      method: 'DELETE',
      url: '/api/v2/syncs/:sync_id/reset',
      permission: 'user',
      audit: 'sync.reset_withdraw',
      summary: 'Take back a reset that no run has begun. Not in Airflow.',
      response: answers.sync,
      params: syncPath,
      async handle(context) {
        const { db, params, audit, afterCommit } = context;
        const row = await requireSync(db, params.sync_id);
        await withdrawReset(db, row, principalOf(context).username);
        audit({ ...subjectOf(row), extra: { stream: row.stream, destination: row.destination } });
        afterCommit(ringSyncs);
        return syncShape(await requireSync(db, params.sync_id));
      },
    }),
  ];
}

async function requireSync(db: Queryable, syncId: number): Promise<SyncRow> {
  const row = await findSync(db, syncId);
  if (row === null) throw new AppError('NOT_FOUND', `There is no sync with id ${syncId}.`);
  return row;
}

const subjectOf = (row: SyncRow) => ({ dagId: row.dag_id, taskId: row.task_id });

function syncShape(row: SyncRow) {
  return {
    id: row.sync_id,
    stream: row.stream,
    dag_id: row.dag_id,
    dag_is_paused: row.is_paused,
    task_id: row.task_id,
    source: row.source,
    destination: row.destination,
    rows_are: row.rows_are,
    removes: row.removes,
    position: row.state,
    rows_total: row.rows_total,
    updated_at: iso(row.updated_at),
    last_attempt: row.last_state === null ? null : lastAttempt(row),
    reset:
      row.reset_rows === null
        ? null
        : {
            rows: row.reset_rows,
            requested_by: row.reset_by,
            requested_at: iso(row.reset_at),
            held_by: row.reset_held_by,
            has_begun: row.reset_taken_at !== null,
          },
    last_reset_at: iso(row.was_reset_at),
  };
}

function lastAttempt(row: SyncRow) {
  return {
    state: row.last_state,
    dag_run_id: row.last_run_id,
    map_index: row.last_map_index,
    try_number: row.last_try_number,
    rows: row.last_rows,
    pages: row.last_pages,
    removed: row.last_removed,
    start_date: iso(row.last_at),
    end_date: iso(row.last_ended_at),
    error: row.last_error,
  };
}
