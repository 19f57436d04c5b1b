/** Goal: a backfill's runs are made once each, in its order, under its own limit, whatever dies or changes in between. */
import { describe, expect, it } from 'vitest';
import { createBackfill } from '#platform/backfill/create-backfill.ts';
import { systemClock } from '#platform/clock.ts';
import { cancelBackfill, changeBackfill } from '#platform/db/queries/backfill/change-backfill.ts';
import { findBackfill } from '#platform/db/queries/backfill/list-backfills.ts';
import { aDagSpec, aTask } from '#test/support/a-dag-spec.ts';
import { advanceBackfills } from '../../scheduler/engine/backfills.ts';
import { database, deps, engine, finish, inbox, saveDag, settle, sql, trigger } from './engine-harness.ts';

const DAILY = { kind: 'cron', expression: '@daily', timezone: 'UTC' } as const;

interface Ask {
  readonly to?: string;
  readonly maxActiveRuns?: number;
  readonly runBackwards?: boolean;
  readonly reprocess?: 'none' | 'failed' | 'completed';
  readonly runOnLatestVersion?: boolean;
}

async function start(dagId: string, ask: Ask = {}): Promise<number> {
  const { to = '2026-01-05T00:00:00Z', ...rest } = ask;
  const request = { dagId, from: new Date('2026-01-01T00:00:00Z'), to: new Date(to), conf: { by: 'backfill' }, ...rest };
  const { backfillId } = await createBackfill(database.db, request, { triggeredBy: 'cli', triggeringUser: null }, systemClock.now());
  return backfillId;
}

/** A DAG whose schedule makes no runs of its own during the test. */
const aBackfilledDag = (dagId: string) => saveDag(aDagSpec(dagId, [aTask('a')], { schedule: DAILY, endDate: '2025-01-01T00:00:00Z' }));

/** The scheduler's round: what main.ts does once a second. */
async function round(): Promise<void> {
  for (const dagId of await advanceBackfills(deps, engine.shards)) {
    inbox.reloadDag(dagId);
    inbox.reloadRuns(dagId);
  }
  await settle();
}

interface Run {
  readonly id: string;
  readonly day: string;
  readonly state: string;
  readonly type: string;
  readonly reason: string | null;
}

const runsOf = (dagId: string) =>
  sql<Run>(
    `select dag_run_id as id, to_char(logical_date, 'DD') as day, state, run_type as type, reason from dag_run
      where dag_id = $1 and logical_date is not null order by backfill_ordinal, logical_date`,
    [dagId],
  );
const daysIn = async (dagId: string, state: string) => (await runsOf(dagId)).filter((run) => run.state === state).map((run) => run.day);

async function finishDay(dagId: string, day: string): Promise<void> {
  const run = (await runsOf(dagId)).find((one) => one.day === day);
  await finish(run?.id as string, 'a');
}

describe('a backfill', () => {
  it('makes its runs oldest first, as many at once as it says, and completes when all have ended', async () => {
    await aBackfilledDag('in_order');
    const id = await start('in_order', { maxActiveRuns: 2 });
    await round();
    expect(await daysIn('in_order', 'running')).toEqual(['01', '02']);
    expect(await daysIn('in_order', 'queued')).toEqual(['03', '04', '05']);
    for (const day of ['02', '01', '03', '04', '05']) {
      await finishDay('in_order', day);
      await round();
    }
    expect(await daysIn('in_order', 'success')).toHaveLength(5);
    const done = await findBackfill(database.db, id);
    expect(done).toMatchObject({ dates: 5, skipped: 0, succeeded: 5, failed: 0, cancelled_at: null });
    expect(done?.completed_at).toBeInstanceOf(Date);
    const [run] = await sql(
      'select run_id, run_type, triggered_by, conf, params, data_interval_start, run_after from dag_run where dag_id = $1 order by logical_date',
      ['in_order'],
    );
    expect(run).toMatchObject({
      run_id: 'backfill__2026-01-01T00:00:00+00:00',
      run_type: 'backfill',
      triggered_by: 'backfill',
      conf: { by: 'backfill' },
      data_interval_start: new Date('2025-12-31T00:00:00Z'),
      run_after: new Date('2026-01-01T00:00:00Z'),
    });
  });

  it('runs backwards when asked', async () => {
    await aBackfilledDag('reverse');
    await start('reverse', { maxActiveRuns: 1, runBackwards: true });
    await round();
    expect(await daysIn('reverse', 'running')).toEqual(['05']);
    await finishDay('reverse', '05');
    expect(await daysIn('reverse', 'running')).toEqual(['04']);
  });

  it('does not count against the limit of the DAG, and lets other runs go first', async () => {
    await saveDag(aDagSpec('limits', [aTask('a')], { schedule: DAILY, endDate: '2025-01-01T00:00:00Z', maxActiveRuns: 1 }));
    await start('limits', { maxActiveRuns: 3 });
    await round();
    const manual = await trigger('limits');
    inbox.reloadRuns('limits');
    await settle();
    expect(await daysIn('limits', 'running')).toEqual(['01', '02', '03']);
    expect(await sql('select state from dag_run where dag_run_id = $1', [manual])).toEqual([{ state: 'running' }]);
  });

  it('starts nothing while it is paused, and nothing while its DAG is', async () => {
    await aBackfilledDag('held');
    const id = await start('held', { maxActiveRuns: 1 });
    await round();
    await changeBackfill(database.db, id, { isPaused: true });
    inbox.reloadRuns('held');
    await finishDay('held', '01');
    await round();
    expect(await daysIn('held', 'running')).toEqual([]);
    await changeBackfill(database.db, id, { isPaused: false, maxActiveRuns: 2 });
    inbox.reloadRuns('held');
    await round();
    expect(await daysIn('held', 'running')).toEqual(['02', '03']);
    await sql(`update dag set is_paused = true, revision = revision + 1 where dag_id = 'held'`);
    inbox.reloadDag('held');
    await finishDay('held', '02');
    await round();
    expect(await daysIn('held', 'running')).toEqual(['03']);
    expect(await daysIn('held', 'queued')).toEqual(['04', '05']);
  });

  it('that is cancelled fails its queued runs, with the reason, and lets running ones finish', async () => {
    await aBackfilledDag('cancelled');
    const id = await start('cancelled', { maxActiveRuns: 1 });
    await round();
    expect(await cancelBackfill(database.db, id)).toBe(true);
    expect(await cancelBackfill(database.db, id)).toBe(false);
    inbox.reloadRuns('cancelled');
    await round();
    expect((await runsOf('cancelled')).slice(1).map((run) => [run.state, run.reason])).toEqual(
      Array(4).fill(['failed', 'backfill cancelled']),
    );
    expect(await daysIn('cancelled', 'running')).toEqual(['01']);
    await finishDay('cancelled', '01');
    expect(await daysIn('cancelled', 'success')).toEqual(['01']);
  });

  it('is allowed once at a time for a DAG', async () => {
    await aBackfilledDag('once');
    const id = await start('once');
    await expect(start('once')).rejects.toThrow(/already a running backfill for dag once/);
    await cancelBackfill(database.db, id);
    await start('once');
  });

  it('makes no run twice, whoever advances it how often, and none that came meanwhile', async () => {
    await aBackfilledDag('twice');
    const id = await start('twice', { maxActiveRuns: 1 });
    // The timetable is faster with one of the dates.
    await sql(
      `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, logical_date, run_after, triggered_by)
       select new_id(), dag_id, 'scheduled__x', 'scheduled', 'running', version_id, shard, '2026-01-03T00:00:00Z', '2026-01-03T00:00:00Z', 'timetable' from dag where dag_id = 'twice'`,
    );
    await Promise.all([1, 2, 3].map(() => advanceBackfills(deps, engine.shards)));
    await advanceBackfills(deps, engine.shards);
    expect((await runsOf('twice')).map((run) => [run.day, run.type])).toEqual([
      ['01', 'backfill'],
      ['02', 'backfill'],
      ['04', 'backfill'],
      ['05', 'backfill'],
      ['03', 'scheduled'],
    ]);
    const steps = await sql('select ordinal, action, reason from backfill_dag_run where backfill_id = $1 and action = $2', [id, 'skip']);
    expect(steps).toEqual([{ ordinal: 3, action: 'skip', reason: 'in flight' }]);
  });

  it('takes nothing back and loses nothing when a batch fails half way', async () => {
    await aBackfilledDag('crash');
    await start('crash');
    const broken = { ...deps, db: { ...deps.db, transaction: failingCommit } } as typeof deps;
    await expect(advanceBackfills(broken, engine.shards)).rejects.toThrow('crashed before the commit');
    expect(await runsOf('crash')).toEqual([]);
    await round();
    expect(await runsOf('crash')).toHaveLength(5);
  });

  it('of many dates makes its runs some at a time', async () => {
    await aBackfilledDag('long');
    const id = await start('long', { to: '2026-06-01T00:00:00Z', maxActiveRuns: 4 });
    await advanceBackfills(deps, engine.shards);
    await advanceBackfills(deps, engine.shards);
    await advanceBackfills(deps, engine.shards);
    expect(await findBackfill(database.db, id)).toMatchObject({ dates: 152, queued: 54, completed_at: null });
  });

  it('waits for a DAG that no file defines any more instead of dropping its dates', async () => {
    await aBackfilledDag('stale');
    const id = await start('stale');
    await sql(`update dag set is_stale = true where dag_id = 'stale'`);
    await round();
    expect(await findBackfill(database.db, id)).toMatchObject({ dates: 5, queued: 0, running: 0, completed_at: null });
  });

  it.each([
    [true, 2, { a: 'none', b: 'none' }],
    [false, 1, { a: 'none' }],
  ])('with runOnLatestVersion %s runs again on version %d', async (runOnLatestVersion, version, states) => {
    await aBackfilledDag('renewed');
    await start('renewed', { to: '2026-01-01T00:00:00Z' });
    await round();
    await finishDay('renewed', '01');
    await round();
    const spec = aDagSpec('renewed', [aTask('a'), aTask('b')], { schedule: DAILY, endDate: '2025-01-01T00:00:00Z' });
    await sql(
      `insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path)
       values (new_id(), 'renewed', 2, 'second', 'none', $1, '', 'test.ts')`,
      [JSON.stringify(spec)],
    );
    await sql(`update dag set version_id = (select version_id from dag_version where content_hash = 'second') where dag_id = 'renewed'`);
    await sql(`update dag set is_paused = true, revision = revision + 1 where dag_id = 'renewed'`);
    await start('renewed', { to: '2026-01-01T00:00:00Z', reprocess: 'completed', runOnLatestVersion });
    await round();
    const rows = await sql<{ task_id: string; state: string; version: number }>(
      `select ti.task_id, ti.state, v.version_number as version from task_instance ti join dag_run r using (dag_run_id)
         join dag_version v using (version_id) where r.dag_id = 'renewed' order by 1`,
    );
    expect(Object.fromEntries(rows.map((row) => [row.task_id, row.state]))).toEqual(states);
    expect(new Set(rows.map((row) => row.version))).toEqual(new Set([version]));
  });

  it('runs failed runs again when asked, as runs of its own, with their history kept', async () => {
    await aBackfilledDag('again');
    await start('again', { to: '2026-01-02T00:00:00Z' });
    await round();
    await finishDay('again', '01');
    const second = (await runsOf('again'))[1]?.id as string;
    await finish(second, 'a', { event: 'fail', reason: 'boom' });
    await round();
    expect((await runsOf('again')).map((run) => run.state)).toEqual(['success', 'failed']);
    const id = await start('again', { to: '2026-01-03T00:00:00Z', reprocess: 'failed' });
    await round();
    expect((await runsOf('again')).map((run) => [run.day, run.state])).toEqual(
      expect.arrayContaining([
        ['01', 'success'],
        ['02', 'running'],
        ['03', 'running'],
      ]),
    );
    await finish(second, 'a');
    const [instance] = await sql<{ try_number: number }>('select try_number from task_instance where dag_run_id = $1', [second]);
    expect(instance?.try_number).toBe(2);
    await finishDay('again', '03');
    await round();
    expect(await findBackfill(database.db, id)).toMatchObject({ dates: 3, skipped: 1, succeeded: 2, failed: 0 });
    expect((await findBackfill(database.db, id))?.completed_at).not.toBeNull();
  });

  it('whose tasks look at the run before runs them in order, existing ones among them', async () => {
    const spec = aDagSpec('in_turn', [aTask('a', { dependsOnPast: true })], { schedule: DAILY, endDate: '2025-01-01T00:00:00Z' });
    await saveDag(spec);
    await expect(start('in_turn')).rejects.toThrow(/Set reprocess_behavior to failed or completed/);
    await start('in_turn', { to: '2026-01-02T00:00:00Z', reprocess: 'failed' });
    await round();
    const waiting = () =>
      sql<{ day: string; state: string }>(
        `select to_char(logical_date, 'DD') as day, ti.state from task_instance ti join dag_run using (dag_run_id) where dag_id = 'in_turn' order by 1`,
      );
    expect(await waiting()).toEqual([
      { day: '01', state: 'queued' },
      { day: '02', state: 'none' },
    ]);
    await finishDay('in_turn', '01');
    await finishDay('in_turn', '02');
    await round();
    await start('in_turn', { to: '2026-01-03T00:00:00Z', reprocess: 'completed' });
    await round();
    expect((await waiting()).map((row) => row.state)).toEqual(['queued', 'none', 'none']);
    for (const day of ['01', '02', '03']) await finishDay('in_turn', day);
    expect(await daysIn('in_turn', 'success')).toEqual(['01', '02', '03']);
  });
});

/** Does the work of a transaction and dies before its commit. */
async function failingCommit<T>(name: string, work: (tx: never) => Promise<T>): Promise<T> {
  return deps.db.transaction(name, async (tx) => {
    await work(tx as never);
    throw new Error('crashed before the commit');
  });
}
