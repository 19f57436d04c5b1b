/** A thousand DAGs, each of a file of its own, due in the same minute. */
import { systemClock } from '#platform/clock.ts';
import { Cluster } from '../harness/cluster.ts';
import { cpuSince, usageBelow } from '../harness/processes.ts';
import type { Figure } from '../harness/report.ts';
import { ROOMY, widenPool } from '../harness/rooms.ts';
import { independentDag } from './dag-texts.ts';
import type { Bench, Scenario } from './scenario.ts';

const TASKS = 10;
/** Counting a thousand runs costs something itself. */
const POLL_MS = 500;
/** Of a core, over so long. */
const RESTING_SHARE = 0.15;
const LOOK_MS = 3_000;
const EVERY_MINUTE = "schedule: cron('* * * * *'), ";

export const fleetDue: Scenario = {
  name: 'fleet-due',
  about: '1,000 DAGs of 10 tasks, each of its own file, due in the same minute',
  async run({ servers, quick }: Bench) {
    const due = quick ? 20 : 1_000;
    const dags = Object.fromEntries(Array.from({ length: due }, (_, index) => [`d${index}.ts`, fileText(index)]));
    const environment = { ...ROOMY, WINDLASS_DAGS_ARE_PAUSED_AT_CREATION: 'true' };
    const cluster = await Cluster.open(servers, { name: 'fleetdue', dags, environment });
    try {
      await widenPool(cluster);
      await Promise.all([cluster.start('scheduler'), cluster.start('worker')]);
      await cluster.until(`${due} files are parsed`, 600_000, async () => (await countParsed(cluster)) >= due);
      await rest();
      const figures = await allDue(cluster, due);
      const setUp = `${due} files of one DAG with ${TASKS} tasks every minute; one scheduler, one worker`;
      return { scenario: 'fleet-due', setUp, runs: 1, figures, notes: [] };
    } finally {
      await cluster.stop();
    }
  },
};

function fileText(index: number): string {
  return independentDag(`d${index}`, TASKS, EVERY_MINUTE).replace('isPausedUponCreation: false', 'isPausedUponCreation: true');
}

/** New files are read a second time, to see whether they always say the same: until that is done. */
async function rest(): Promise<void> {
  for (let cpu = Number.POSITIVE_INFINITY; cpu > RESTING_SHARE; ) {
    const before = usageBelow(process.pid);
    await systemClock.sleep(LOOK_MS);
    cpu = [...cpuSince(before, usageBelow(process.pid)).values()].reduce((sum, one) => sum + one, 0) / (LOOK_MS / 1_000);
  }
}

/** Unpauses all. The newest tick gives each a run at once; the first minute after it is the one that counts, from due to ended. */
async function allDue(cluster: Cluster, due: number): Promise<readonly Figure[]> {
  const unpausedAt = new Date(systemClock.now());
  await cluster.query('update dag set is_paused = false, active_since = now(), revision = revision + 1 where dag_id = any($1)', [
    Array.from({ length: due }, (_, index) => `d${index}`),
  ]);
  const minute = async () => {
    const { rows } = await cluster.query<{ tick: Date; runs: number; ended: number }>(
      `select run_after as tick, count(*)::int as runs, count(ended_at)::int as ended from dag_run where run_after > $1
        group by run_after order by run_after limit 1`,
      [unpausedAt],
    );
    return rows[0];
  };
  await cluster.until('all runs of a minute have ended', 400_000, async () => ((await minute())?.ended ?? 0) >= due, POLL_MS);
  const tick = (await minute())?.tick;
  await cluster.query('update dag set is_paused = true, revision = revision + 1');
  const { rows } = await cluster.query<{ last_start: number; last_end: number; tasks: number }>(
    `select extract(epoch from max(ti.started_at) - r.run_after)::float8 as last_start, extract(epoch from max(ti.ended_at) - r.run_after)::float8 as last_end,
            count(*)::int as tasks
       from task_instance ti join dag_run r using (dag_run_id) where ti.state = 'success' and r.run_after = $1 group by r.run_after`,
    [tick],
  );
  const counted = rows[0];
  return [
    { name: 'tasks due in the same minute', value: counted?.tasks ?? 0, unit: 'tasks' },
    { name: 'last start after due', value: counted?.last_start ?? Number.NaN, unit: 's', bar: { atMost: 5 } },
    { name: 'last end after due', value: counted?.last_end ?? Number.NaN, unit: 's' },
  ];
}

async function countParsed(cluster: Cluster): Promise<number> {
  const { rows } = await cluster.query<{ n: number }>('select count(*)::int as n from dag where version_id is not null');
  return rows[0]?.n ?? 0;
}
