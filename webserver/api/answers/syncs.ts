/** Answers about streams that tasks sync. */
import { z } from 'zod';
import { count, instant, json, pageOf, text } from './parts.ts';

export const sync = z
  .strictObject({
    id: count,
    stream: text,
    dag_id: text,
    dag_is_paused: z.boolean(),
    task_id: text,
    source: text,
    destination: text,
    rows_are: z.enum(['replaced', 'added']).nullable().describe('What becomes of a row that comes again. Null = it cannot be reset.'),
    removes: z.enum(['table', 'files']).nullable().describe('What is gone when a reset removes rows.'),
    position: json.describe('Where the next run goes on; null = at the start.'),
    rows_total: count.describe('Since it began, or was reset.'),
    updated_at: instant,
    last_attempt: z
      .strictObject({
        state: z.enum(['running', 'success', 'failed']),
        dag_run_id: text,
        map_index: count,
        try_number: count,
        rows: count,
        pages: count,
        removed: count.nullable(),
        start_date: instant,
        end_date: instant.nullable(),
        error: text.nullable(),
      })
      .nullable(),
    reset: z
      .strictObject({
        rows: z.enum(['keep', 'remove']),
        requested_by: text,
        requested_at: instant,
        held_by: z
          .array(text)
          .describe('Streams that have come to the same table since: it waits until they are gone, or it is withdrawn.'),
        has_begun: z.boolean().describe('A run was told and has not said yet that it is done; it cannot be withdrawn.'),
      })
      .nullable()
      .describe('What the next run carries out before its first page.'),
    last_reset_at: instant.nullable(),
  })
  .meta({ id: 'Sync' });
export const syncs = pageOf('syncs', sync);
