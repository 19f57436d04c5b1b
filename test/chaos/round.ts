/**
 * Chaos in rounds: a cluster, people at work, faults by a schedule, quiet again, and a judgement. Rounds with other seeds follow
 * each other on one cluster, with DAGs of their own; each is judged with all that came before it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { until } from '#test/support/until.ts';
import type { Broken, Evidence } from './checks/check.ts';
import { Cluster } from './cluster.ts';
import { judge } from './judge.ts';
import { keepEvidence } from './keep-evidence.ts';
import { readLedger } from './ledger.ts';
import { Nemesis } from './nemesis/nemesis.ts';
import { canStrike, FAULT_KINDS, type FaultKind, planFaults, sayFault } from './nemesis/schedule.ts';
import { proofOf } from './proof.ts';
import { Sampler } from './sampler.ts';
import { Servers } from './servers.ts';
import { type BrokerKind, MEMBERS } from './settings.ts';
import { countTotals, markOf, type Verdict } from './verdict.ts';
import { dagFiles } from './workload/dag-file.ts';
import { POOLS, planDags } from './workload/plan.ts';
import { Users } from './workload/users.ts';

export interface RoundOptions {
  /** How long faults strike in each round. */
  readonly durationMs: number;
  readonly kinds?: readonly FaultKind[];
  readonly broker?: BrokerKind;
  /** How long it may take until everything is quiet again. */
  readonly quietDeadlineMs?: number;
  readonly say?: (line: string) => void;
}

const CLOCK_PRELOAD = new URL('nemesis/clock-preload.mjs', import.meta.url).href;
const DEFAULTS = { kinds: FAULT_KINDS, broker: 'redis', quietDeadlineMs: 120_000, say: () => {} } as const;
/** Between the beginnings of two faults. */
const GAP_MS = [400, 1_800] as const;
const DAGS = 6;
/** So many runs may be open before people trigger more. */
const OPEN_RUNS_MAX = 14;
/** Before the faults end: clock ticks do, and people go home, so that what is open then is struck to its end. */
const SCHEDULE_LEAD_MS = 4_000;
const HOME_LEAD_MS = 10_000;
/** What was killed with its parent may take a moment. */
const LAST_BREATH_MS = 5_000;

type Options = Required<RoundOptions>;

/** A verdict for each seed, in order; after a red one no other is played. */
export async function* playRounds(seeds: readonly number[], given: RoundOptions): AsyncGenerator<Verdict, void, void> {
  const options: Options = { ...DEFAULTS, ...given };
  const { broker } = options;
  const servers = await Servers.start();
  let cluster: Cluster | null = null;
  let isKept = true; // what is thrown is explained by the logs
  try {
    const started = await Cluster.start({
      servers,
      name: 'chaos',
      members: MEMBERS,
      pools: POOLS,
      nodeFlags: ['--import', CLOCK_PRELOAD],
      environment: { WINDLASS_BROKER: broker },
      hasLogDisk: true,
    });
    cluster = started;
    await started.ready();
    for (const [number, seed] of seeds.entries()) {
      const { broken, totals } = await play(started, seed, number + 1, options);
      const isLast = broken.length > 0 || number === seeds.length - 1;
      const left: readonly Broken[] = isLast ? await stopAll(started) : [];
      if (isLast) cluster = null;
      isKept = broken.length + left.length > 0;
      const folder = isKept ? servers.folder : null;
      yield { seed, broker, durationMs: options.durationMs, totals, broken: [...broken, ...left], folder };
      if (isLast) return;
      isKept = true;
    }
  } finally {
    await cluster?.stop();
    await servers.stop(isKept);
  }
}

/** `number`: of the round, from 1. */
async function play(cluster: Cluster, seed: number, number: number, options: Options): Promise<Pick<Verdict, 'broken' | 'totals'>> {
  const { durationMs, broker } = options;
  const has = { redis: broker === 'redis', disk: cluster.logDisk !== null };
  const kinds = options.kinds.filter((kind) => canStrike(kind, has));
  const schedule = planFaults({ seed, durationMs, gapMs: GAP_MS, kinds, ...(broker === 'postgres' && { link: 'postgres' }) });
  const plans = planDags(seed, DAGS);
  const before = await markOf(cluster);
  const startMs = systemClock.now();
  const endMs = startMs + durationMs - SCHEDULE_LEAD_MS;
  const ledger = join(cluster.folder, 'ledger.jsonl');
  await cluster.save(dagFiles(plans, { name: `chaos_${seed}.ts`, ledger, startMs, endMs }), plans.length * number);
  options.say(`${schedule.length} faults over ${durationMs / 1000} s on ${cluster.members.length} processes; ${cluster.folder}`);

  const users = new Users({ cluster, plans, seed: seed + 1, gapMs: [100, 500], openRunsMax: OPEN_RUNS_MAX });
  const sampler = new Sampler(cluster);
  const nemesis = new Nemesis(cluster, schedule);
  const isCalm = schedule.every((fault) => fault.kind === 'slow');
  const gather = (): Evidence => {
    const readMs = systemClock.now();
    return { cluster, plans, lives: readLedger(ledger), readMs, users, startMs, endMs, isCalm };
  };
  sampler.start();
  users.start();
  const home = systemClock.after(durationMs - HOME_LEAD_MS, () => void users.stop());
  await nemesis.play(durationMs);
  home.cancel();
  const faultsEnded = performance.now();
  const loud = await becomeQuiet(cluster, users, options);
  const quiet = performance.now();
  const found = [...loud, ...(await judge(gather())), ...(await sampler.stop())];
  options.say(`every run has ended ${seconds(quiet - faultsEnded)} after the last fault; judged in ${seconds(performance.now() - quiet)}`);
  const totals = await countTotals(gather(), { nemesis, sampler, before });
  const broken = [...found, proofOf(totals, durationMs, kinds)].filter((one) => one.violations.length > 0);
  if (broken.length > 0) await keepEvidence(cluster, schedule.map(sayFault), broken);
  return { broken, totals };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Liveness: everything ends by itself once the faults are over. */
async function becomeQuiet(cluster: Cluster, users: Users, { quietDeadlineMs: deadlineMs, say }: Options): Promise<readonly Broken[]> {
  const promise = 'Once the faults are over every run ends, every process is ready, and nobody has to help.';
  const startedAt = performance.now();
  const open = () =>
    cluster.sql<{ detail: string }>(`
      select r.dag_id || ' ' || r.run_id || ' is ' || r.state || coalesce(': ' || r.reason, '') || coalesce(' (' || (
             select string_agg(ti.task_id || ' ' || ti.state || coalesce(', ' || ti.reason, ''), '; ') from task_instance ti
              where ti.dag_run_id = r.dag_run_id and ti.state not in ('success', 'failed', 'skipped', 'upstream_failed', 'removed', 'none')) || ')', '') as detail
        from dag_run r where r.state in ('queued', 'running') order by r.queued_at`);
  try {
    await cluster.ready(deadlineMs);
    const ready = performance.now();
    await users.stop();
    say(
      `every process is ready ${seconds(ready - startedAt)} after the last fault, people have their answers ${seconds(performance.now() - ready)} later`,
    );
    await until(async () => (await open()).length === 0, {
      deadlineMs: Math.max(1_000, deadlineMs - (performance.now() - startedAt)),
      pollMs: 250,
      what: 'every run has ended',
    });
    return [];
  } catch (error) {
    return [{ id: 'L1', promise, violations: [(error as Error).message, ...(await open()).map((row) => row.detail)] }];
  }
}

/** Ends every process; none of those below them may live on. */
async function stopAll(cluster: Cluster): Promise<readonly Broken[]> {
  const below = cluster.members.flatMap((member) => member.descendants);
  await cluster.stop();
  await until(() => !below.some(isAlive), { deadlineMs: LAST_BREATH_MS, what: 'all are gone' }).catch(() => {});
  const alive = below.filter(isAlive);
  const late = cluster.members.flatMap((member) => member.unaskedEnds.filter((words) => words.includes('did not stop')));
  const violations = [...late, ...alive.map((pid) => `process ${pid} lives on: ${commandOf(pid)}`)];
  return violations.length === 0 ? [] : [{ id: 'INV-23', promise: 'A cluster that is stopped leaves no process behind.', violations }];
}

/** A zombie is dead: nobody has taken note of it yet. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').slice(0, 200);
  } catch {
    return 'gone now';
  }
}
