/**
 * Goal: a no-op task does not become dearer unnoticed. Method: real processes work off some hundred tasks; the CPU time of all
 * of them for one task is set beside that of a fixed loop measured in between, and commits are counted. Both hold on a busy
 * or another machine, which seconds would not.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../../bench/harness/cluster.ts';
import { ROOMY, widenPool } from '../../bench/harness/rooms.ts';
import { type Servers, startServers } from '../../bench/harness/servers.ts';
import { median } from '../../bench/harness/statistics.ts';
import { cpuNote, workOff } from '../../bench/scenarios/backlog.ts';
import { independentDag } from '../../bench/scenarios/dag-texts.ts';

const WIDTH = 100;
const RUNS = 8;
const ROUNDS = 3;
/** What one task may cost over all processes, in CPU of `fibo(32)`. On a machine that is overloaded batches are small: far above what a quiet one needs. */
const TASK_IN_LOOPS_MAX = 0.1;
/** Of all processes together, for one task. */
const COMMITS_MAX = 0.6;

let servers: Servers;
let cluster: Cluster;

beforeAll(async () => {
  servers = await startServers();
  cluster = await Cluster.open(servers, { name: 'cpu', dags: { 'batch.ts': independentDag('batch', WIDTH) }, environment: ROOMY });
  await widenPool(cluster);
  await Promise.all([cluster.start('scheduler'), cluster.start('worker')]);
  await cluster.parsed(1);
}, 240_000);
afterAll(async () => {
  await cluster?.stop();
  await servers?.stop();
}, 120_000);

it('costs no more CPU and no more commits than it may', { timeout: 300_000 }, async () => {
  await workOff(cluster, runs(4));
  const rounds: { readonly loops: number; readonly commits: number }[] = [];
  let parts = '';
  for (let round = 0; round < ROUNDS; round++) {
    const before = [loopUs(), await commits()] as const;
    const worked = await workOff(cluster, runs(RUNS));
    const { cpuUsPerTask, tasks } = worked;
    parts = cpuNote([worked]);
    rounds.push({ loops: cpuUsPerTask / ((before[0] + loopUs()) / 2), commits: ((await commits()) - before[1]) / tasks });
  }
  const [loops, spent] = [median(rounds.map((round) => round.loops)), median(rounds.map((round) => round.commits))];
  process.stdout.write(`a no-op task: ${loops.toFixed(3)} loops of CPU, ${spent.toFixed(3)} commits; ${parts}\n`);
  expect(loops).toBeLessThan(TASK_IN_LOOPS_MAX);
  expect(spent).toBeLessThan(COMMITS_MAX);
});

function runs(count: number): readonly string[] {
  return Array.from({ length: count }, () => 'batch');
}

/** CPU of this process for a fixed amount of work. */
function loopUs(): number {
  const before = process.cpuUsage();
  fibo(32);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function fibo(n: number): number {
  return n < 2 ? n : fibo(n - 1) + fibo(n - 2);
}

async function commits(): Promise<number> {
  const { rows } = await cluster.query<{ n: number }>(
    'select xact_commit::float8 as n from pg_stat_database where datname = current_database()',
  );
  return rows[0]?.n ?? 0;
}
