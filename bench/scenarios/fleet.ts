/** A thousand DAGs due in the same minute, and thousands of DAG files: cold parse, warm start, one change, and rest. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { Cluster } from '../harness/cluster.ts';
import { cpuSince, usageBelow } from '../harness/processes.ts';
import type { Figure } from '../harness/report.ts';
import { ROOMY, widenPool } from '../harness/rooms.ts';
import { independentDag } from './dag-texts.ts';
import type { Bench, Scenario } from './scenario.ts';

const TASKS = 10;
const IDLE_MS = 10_000;
const EVERY_MINUTE = "schedule: cron('* * * * *'), ";

export const fleet: Scenario = {
  name: 'fleet',
  about: '1,000 DAGs of 10 tasks due in the same minute; 5,000 files: cold parse, warm start, one change, idle CPU',
  async run({ servers, quick }: Bench) {
    const due = quick ? 20 : 1_000;
    const files = quick ? 50 : 5_000;
    const dags = Object.fromEntries(Array.from({ length: files }, (_, index) => [`d${index}.ts`, fileText(index, due)]));
    const environment = { ...ROOMY, WINDLASS_DAGS_ARE_PAUSED_AT_CREATION: 'true' };
    const cluster = await Cluster.open(servers, { name: 'fleet', dags, environment });
    try {
      await widenPool(cluster);
      const figures = [...(await parse(cluster, files)), ...(await changeOne(cluster, due)), await rest(), ...(await allDue(cluster, due))];
      const setUp = `${files} files of one DAG each; ${due} of them with ${TASKS} tasks every minute; one scheduler, one worker`;
      return { scenario: 'fleet', setUp, runs: 1, figures, notes: [] };
    } finally {
      await cluster.stop();
    }
  },
};

function fileText(index: number, due: number): string {
  const text = independentDag(`d${index}`, TASKS, index < due ? EVERY_MINUTE : '');
  return text.replace('isPausedUponCreation: false', 'isPausedUponCreation: true');
}

/** Cold: nothing is known. Warm: a scheduler that starts anew on the same database and files. */
async function parse(cluster: Cluster, files: number): Promise<readonly Figure[]> {
  const begun = performance.now();
  const first = await cluster.start('scheduler');
  await cluster.until(`${files} files are parsed`, 600_000, async () => (await countParsed(cluster)) >= files);
  const cold = (performance.now() - begun) / 1000;
  await cluster.end(first.child);
  const before = await codeOf(cluster, 'd0');
  const again = performance.now();
  await cluster.start('scheduler');
  writeFileSync(join(cluster.folder, 'dags', 'd0.ts'), fileText(0, 1).replaceAll('async () => undefined', 'async () => 2'));
  await cluster.until('the changed file is parsed', 120_000, async () => (await codeOf(cluster, 'd0')) !== before);
  return [
    { name: `${files} files, cold start to all parsed`, value: cold, unit: 's', bar: { atMost: 60 } },
    { name: `${files} files, warm start to a change seen`, value: (performance.now() - again) / 1000, unit: 's', bar: { atMost: 5 } },
  ];
}

/** From the save to the row of the new version. */
async function changeOne(cluster: Cluster, due: number): Promise<readonly Figure[]> {
  const before = await codeOf(cluster, 'd1');
  const text = fileText(1, due).replaceAll('async () => undefined', 'async () => 1');
  const begun = performance.now();
  writeFileSync(join(cluster.folder, 'dags', 'd1.ts'), text);
  await cluster.until('the change is live', 60_000, async () => (await codeOf(cluster, 'd1')) !== before);
  return [{ name: 'one changed file, save to live', value: performance.now() - begun, unit: 'ms', bar: { atMost: 300 } }];
}

async function rest(): Promise<Figure> {
  await systemClock.sleep(IDLE_MS / 2);
  const before = usageBelow(process.pid);
  await systemClock.sleep(IDLE_MS);
  const cpu = [...cpuSince(before, usageBelow(process.pid))]
    .filter(([part]) => part === 'scheduler')
    .reduce((sum, [, one]) => sum + one, 0);
  return { name: 'scheduler at rest with all of them', value: (cpu / (IDLE_MS / 1000)) * 100, unit: '% of a core', bar: { atMost: 1 } };
}

/** Unpauses all. The newest tick gives each a run at once; the first minute after it is the one that counts, from due to ended. */
async function allDue(cluster: Cluster, due: number): Promise<readonly Figure[]> {
  await cluster.start('worker');
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
  await cluster.until('all runs of a minute have ended', 400_000, async () => ((await minute())?.ended ?? 0) >= due);
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

/** The code that is live. Its version may keep its number: one that nothing has run is replaced. */
async function codeOf(cluster: Cluster, dagId: string): Promise<string | null> {
  const { rows } = await cluster.query<{ hash: string }>(
    'select v.bundle_hash as hash from dag d join dag_version v using (version_id) where d.dag_id = $1',
    [dagId],
  );
  return rows[0]?.hash ?? null;
}
