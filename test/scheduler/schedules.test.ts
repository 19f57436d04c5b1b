/** Goal: what an author says about missed ticks is what the engine makes of them. Method: schedules whose ticks lie in the past. */
import { describe, expect, it } from 'vitest';
import type { DagSpec } from '#core/dag-spec.ts';
import { setDagPaused } from '#platform/db/queries/api/set-dag-paused.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { database, inbox, saveDag, settle, sql } from './engine-harness.ts';

const HOUR_MS = 3_600_000;
const HOURLY = { kind: 'delta', everyMs: HOUR_MS } as const;
/** Ticks lie on this minute and a half hour before it: never close to now. */
const startDate = new Date(Date.now() - 4.5 * HOUR_MS).toISOString();

interface Run {
  readonly run_id: string;
  readonly logical_date: Date;
  readonly data_interval_start: Date;
  readonly data_interval_end: Date;
}

async function runsOf(dagId: string): Promise<readonly Run[]> {
  inbox.reloadDag(dagId);
  await settle();
  return sql<Run>(
    'select run_id, logical_date, data_interval_start, data_interval_end from dag_run where dag_id = $1 order by logical_date',
    [dagId],
  );
}

async function schedule(dagId: string, change: Partial<DagSpec>): Promise<readonly Run[]> {
  await saveDag(aDagSpec(dagId, [aTask('a')], { schedule: HOURLY, startDate, ...change }));
  return runsOf(dagId);
}

describe('ticks that were missed', () => {
  it('are all run, or the newest is, or none', async () => {
    expect(await schedule('all', { catchup: true })).toHaveLength(5);
    expect(await schedule('latest', { catchup: false })).toHaveLength(1);
    expect(await schedule('none', { catchup: 'none' })).toHaveLength(0);
  });

  it('while the DAG was paused stay missed with catchup none, and its next tick is the first after', async () => {
    await schedule('held', { catchup: 'none' });
    await sql(`update dag set first_seen_at = now() - interval '4 hours', is_paused = true where dag_id = 'held'`);
    await setDagPaused(database.db, ['held'], false);
    expect(await runsOf('held')).toHaveLength(0);
    const [dag] = await sql<{ next_run_after: Date; active_since: Date }>(
      `select next_run_after, active_since from dag where dag_id = 'held'`,
    );
    expect(dag?.next_run_after.getTime()).toBe(Date.parse(startDate) + 5 * HOUR_MS);
  });

  it('give a new DAG that runs immediately its newest one, once', async () => {
    const [run, ...others] = await schedule('at_once', {
      startDate: null,
      schedule: { ...HOURLY, everyMs: 24 * HOUR_MS },
      runImmediately: true,
    });
    expect(others).toEqual([]);
    expect(run?.logical_date.getTime()).toBe(Math.floor(Date.now() / (24 * HOUR_MS)) * 24 * HOUR_MS);
    expect(await runsOf('at_once')).toHaveLength(1);
  });
});

describe('a run', () => {
  it('has the id of its tick, also when it is named by the start of its interval', async () => {
    const [run] = await schedule('named', {
      schedule: { kind: 'events', instants: ['2026-01-01T00:00:00Z'] },
      startDate: '2025-01-01T00:00:00Z',
    });
    expect(run?.run_id).toBe('scheduled__2026-01-01T00:00:00+00:00');
    const yearly = { kind: 'cron', expression: '0 0 1 1 *', timezone: 'UTC', logicalDate: 'start' } as const;
    const [named] = await schedule('named_by_start', {
      schedule: yearly,
      startDate: '2024-06-01T00:00:00Z',
      endDate: '2025-06-01T00:00:00Z',
    });
    expect(named).toMatchObject({
      run_id: 'scheduled__2026-01-01T00:00:00+00:00',
      logical_date: new Date('2025-01-01T00:00:00Z'),
      data_interval_start: new Date('2025-01-01T00:00:00Z'),
      data_interval_end: new Date('2026-01-01T00:00:00Z'),
    });
  });

  it('comes for each event of a list, and for each tick of several expressions', async () => {
    const events = { kind: 'events', instants: ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z', '2999-01-01T00:00:00Z'] } as const;
    const made = await schedule('events', { schedule: events, startDate: '2025-01-01T00:00:00Z', catchup: true });
    expect(made.map((run) => run.logical_date.toISOString())).toEqual(['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z']);
    const crons = { kind: 'crons', expressions: ['0 6 1 3 *', '0 18 1 3 *'], timezone: 'UTC' } as const;
    const several = await schedule('crons', {
      schedule: crons,
      startDate: '2026-01-01T00:00:00Z',
      catchup: true,
      endDate: '2026-06-01T00:00:00Z',
    });
    expect(several.map((run) => run.logical_date.toISOString())).toEqual(['2026-03-01T06:00:00.000Z', '2026-03-01T18:00:00.000Z']);
  });
});
