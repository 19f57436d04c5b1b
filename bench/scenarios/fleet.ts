/** Thousands of DAG files: cold parse, warm start, one change, and rest. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { Cluster } from '../harness/cluster.ts';
import { cpuSince, usageBelow } from '../harness/processes.ts';
import type { Figure } from '../harness/report.ts';
import { independentDag } from './dag-texts.ts';
import type { Bench, Scenario } from './scenario.ts';

const TASKS = 10;
const IDLE_MS = 10_000;

export const fleet: Scenario = {
  name: 'fleet',
  about: '5,000 files: cold parse, warm start, one change, idle CPU',
  async run({ servers, quick }: Bench) {
    const files = quick ? 50 : 5_000;
    const dags = Object.fromEntries(Array.from({ length: files }, (_, index) => [`d${index}.ts`, fileText(index)]));
    const cluster = await Cluster.open(servers, { name: 'fleet', dags });
    try {
      const figures = [...(await parse(cluster, files)), ...(await changeOne(cluster)), await rest()];
      const setUp = `${files} files of one DAG of ${TASKS} tasks each; one scheduler`;
      return { scenario: 'fleet', setUp, runs: 1, figures, notes: [] };
    } finally {
      await cluster.stop();
    }
  },
};

function fileText(index: number): string {
  return independentDag(`d${index}`, TASKS);
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
  writeFileSync(join(cluster.folder, 'dags', 'd0.ts'), fileText(0).replaceAll('async () => undefined', 'async () => 2'));
  await cluster.until('the changed file is parsed', 120_000, async () => (await codeOf(cluster, 'd0')) !== before);
  return [
    { name: `${files} files, cold start to all parsed`, value: cold, unit: 's', bar: { atMost: 60 } },
    { name: `${files} files, warm start to a change seen`, value: (performance.now() - again) / 1000, unit: 's', bar: { atMost: 5 } },
  ];
}

/** From the save to the row of the new version. */
async function changeOne(cluster: Cluster): Promise<readonly Figure[]> {
  const before = await codeOf(cluster, 'd1');
  const text = fileText(1).replaceAll('async () => undefined', 'async () => 1');
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
