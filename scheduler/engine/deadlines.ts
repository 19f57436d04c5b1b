/** The loop over deadlines: precise to the instant, because a due one wakes it and new ones are looked for every second. */

import { nextDeadlineMs, settleDeadlines } from '#platform/db/queries/callbacks/settle-deadlines.ts';
import { probe } from '#platform/probes/probe.ts';
import type { EngineDeps } from './deps.ts';

const LOOK_MS = 1_000;

/** Settles what is due. Returns how long to sleep at most, in ms. */
export async function watchDeadlines({ db, broker, logger }: EngineDeps, shards: readonly number[]): Promise<number> {
  if (shards.length === 0) return LOOK_MS;
  const settled = await settleDeadlines(db, shards);
  if (settled.length > 0) probe('deadlines.after_commit');
  const missed = settled.filter((one) => one.isMissed);
  for (const { dagId, runId, name } of missed)
    logger.warn({ event: 'deadline.missed', dag_id: dagId, run_id: runId, deadline: name }, 'a run missed its deadline');
  if (missed.some((one) => one.hasCallbacks)) broker.ring('callbacks_requested', {});
  if (missed.length > 0)
    broker.ring('ui_events', { topics: ['dags', ...missed.flatMap(({ dagId, runId }) => [`dag:${dagId}`, `run:${dagId}/${runId}`])] });
  const nextMs = await nextDeadlineMs(db, shards);
  return nextMs === null ? LOOK_MS : Math.min(LOOK_MS, Math.max(0, Math.ceil(nextMs)));
}
