/**
 * Goal: no clock but the database's decides anything, and when that one jumps, nothing has two holders. Method: real processes
 * whose wall clocks are set while they live; a database whose `clock_timestamp` is put hours off.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startRedis, type TestRedis } from '#test/support/redis.ts';
import { until } from '#test/support/until.ts';
import { ProbedCluster } from '../probes/cluster.ts';
import { dagFile } from '../probes/dag-texts.ts';
import { whatIsWrong } from '../probes/matrix.ts';
import { begun, datedRuns, runsOf } from '../probes/workloads.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const HOUR_MS = 3_600_000;
const SET_CLOCK = new URL('../chaos/nemesis/clock-preload.mjs', import.meta.url).href;

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const files = (folder: string) => ({ 'all.ts': dagFile(folder, { steps_a: 'steps', slow: 'slow' }) });

describe('processes whose clocks are set', () => {
  let cluster: ProbedCluster;
  beforeAll(async () => {
    cluster = await ProbedCluster.open(redis, { scheduler: 1, worker: 1 }, files, {
      preload: [SET_CLOCK],
      environment: (folder) => ({ CHAOS_CLOCK: join(folder, 'clock') }),
    });
  });
  afterAll(() => cluster.close());

  const set = (role: 'scheduler' | 'worker', offMs: number) => {
    writeFileSync(join(cluster.folder, 'clock'), String(offMs));
    for (const pid of cluster.pidsOf(role)) process.kill(pid, 'SIGUSR2');
  };
  const play = async (workload: typeof datedRuns, turn = 0) => {
    const work = await workload(cluster, turn);
    const runs = await work.done();
    expect([...((await work.also?.()) ?? []), ...(await whatIsWrong(cluster, runs))]).toEqual([]);
    return runs;
  };
  /** Instants of these runs that Postgres would not have written meanwhile. */
  const strange = (runs: readonly string[], since: Date) =>
    cluster.sql(
      `select a.claimed_at, a.body_started_at, a.ended_at from task_attempt a join task_instance ti using (task_instance_id)
        where ti.dag_run_id = any($1) and not (a.claimed_at between $2 and clock_timestamp() and a.body_started_at between $2 and clock_timestamp()
                                                 and a.ended_at between a.body_started_at and clock_timestamp())`,
      [runs, since],
    );
  const now = async () => (await cluster.sql<{ now: Date }>('select clock_timestamp() as now'))[0]?.now as Date;

  it.each([24 * HOUR_MS, -24 * HOUR_MS])('a worker %d ms off holds its leases, and history has the time of the database', async (offMs) => {
    const since = await now();
    set('worker', offMs);
    expect(await strange(await play(runsOf('steps_a', 'slow')), since)).toEqual([]);
    set('worker', 0);
  });

  it('a scheduler that is a day ahead, and then a day behind, makes the runs that are due by the database, each once', async () => {
    set('scheduler', 24 * HOUR_MS);
    await play(datedRuns, 1);
    set('scheduler', -24 * HOUR_MS);
    await play(datedRuns, 2);
    set('scheduler', 0);
    await play(datedRuns, 3);
    expect(await cluster.sql('select run_id from dag_run where run_after > clock_timestamp()')).toEqual([]);
  });

  it('a clock that steps back ten minutes while a body runs changes no duration', async () => {
    const since = await now();
    const runs = await cluster.trigger(['slow']);
    await begun(cluster, runs);
    set('worker', -10 * 60_000);
    set('scheduler', -10 * 60_000);
    await cluster.ended(runs);
    expect(await strange(runs, since)).toEqual([]);
    const [last] = await cluster.sql<{ ms: number }>(
      `select extract(epoch from a.ended_at - a.body_started_at) * 1000 as ms from task_attempt a join task_instance ti using (task_instance_id)
        where ti.dag_run_id = any($1) and a.outcome = 'success'`,
      [runs],
    );
    expect(Number(last?.ms)).toBeGreaterThan(1_000);
    expect(await whatIsWrong(cluster, runs)).toEqual([]);
    set('worker', 0);
    set('scheduler', 0);
  });
});

describe('a database whose clock jumps', () => {
  it('loses attempts early and gives none of them two holders; when it jumps back, what follows runs', async () => {
    const cluster = await ProbedCluster.open(redis, { scheduler: 1, worker: 2 }, files, { prepare: giveItsOwnClock });
    try {
      const runs = await cluster.trigger(['slow', 'steps_a']);
      await begun(cluster, [runs[0] as string]);
      // A single jump may fall between two renewals, of which the second one holds again.
      const lost = () =>
        cluster.sql(
          `select 1 from task_attempt a join task_instance ti using (task_instance_id) where ti.dag_run_id = any($1) and a.outcome = 'lost'`,
          [runs],
        );
      const jump = async () => {
        await cluster.sql('update clock set off_ms = off_ms + $1', [HOUR_MS]);
        return (await lost()).length > 0;
      };
      await until(jump, { what: 'an attempt is lost by a jump', deadlineMs: 60_000 });
      await cluster.ended(runs);
      expect(await whatIsWrong(cluster, runs)).toEqual([]);
      await cluster.sql('update clock set off_ms = 0');
      const later = await cluster.trigger(['steps_a']);
      await cluster.ended(later);
    } finally {
      await cluster.close();
    }
  });
});

/** What the statements call is found before what Postgres has of that name; so are the defaults of the columns. */
async function giveItsOwnClock(db: ProbedCluster['db']): Promise<void> {
  await db.pool.query(`
create table clock (off_ms bigint not null);
insert into clock values (0);
create function public.clock_timestamp() returns timestamptz language sql volatile
  as $$ select pg_catalog.clock_timestamp() + (select off_ms from public.clock) * interval '1 millisecond' $$;
do $$
declare one record;
begin
  for one in select c.table_name, c.column_name from information_schema.columns c
              where c.table_schema = 'public' and c.column_default like '%clock_timestamp()%'
  loop execute format('alter table %I alter column %I set default public.clock_timestamp()', one.table_name, one.column_name);
  end loop;
  execute format('alter database %I set search_path = public, pg_catalog', current_database());
end $$;`);
}
