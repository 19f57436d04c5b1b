/** One chaos run: a cluster, people at work, faults by a schedule, quiet again, and a judgement. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { until } from '#test/support/until.ts';
import type { Broken, Evidence } from './checks/check.ts';
import { Cluster } from './cluster.ts';
import { EarlyEnd, judge } from './judge.ts';
import { keepEvidence } from './keep-evidence.ts';
import { readLedger } from './ledger.ts';
import { Nemesis } from './nemesis/nemesis.ts';
import { FAULT_KINDS, type FaultKind, planFaults, sayFault } from './nemesis/schedule.ts';
import { Sampler } from './sampler.ts';
import { Servers } from './servers.ts';
import { countTotals, type Verdict } from './verdict.ts';
import { dagFiles } from './workload/dag-file.ts';
import { POOLS, planDags } from './workload/plan.ts';
import { Users } from './workload/users.ts';

export interface RoundOptions {
  readonly seed: number;
  /** How long faults strike. */
  readonly durationMs: number;
  readonly kinds?: readonly FaultKind[];
  readonly members?: readonly string[];
  readonly gapMs?: readonly [number, number];
  readonly link?: 'postgres' | 'redis';
  readonly forMs?: readonly [number, number];
  readonly dags?: number;
  /** How long bodies may take; absent = some outlive a lease, most do not. */
  readonly bodiesMs?: readonly number[];
  /** So many runs may be open before people trigger more. */
  readonly openRuns?: number;
  /** Flags of Node for every process, and variables they read. */
  readonly nodeFlags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** How long it may take until everything is quiet again. */
  readonly quietDeadlineMs?: number;
  /** Changes to the database before anything starts. */
  readonly sql?: string;
  /** The run is over as soon as one of these checks is broken. */
  readonly stopsWhenBroken?: readonly string[];
  /** Whether rows and logs of a red run are kept. */
  readonly keepsEvidence?: boolean;
  readonly say?: (line: string) => void;
}

const DEFAULTS = {
  kinds: FAULT_KINDS,
  gapMs: [400, 1_800],
  dags: 6,
  openRuns: 24,
  nodeFlags: [],
  environment: {},
  quietDeadlineMs: 120_000,
  stopsWhenBroken: [],
  keepsEvidence: true,
  say: () => {},
} as const;
/** Clock ticks end a little before the faults do. */
const SCHEDULE_LEAD_MS = 2_000;
/** What was killed with its parent may take a moment. */
const LAST_BREATH_MS = 5_000;

type Options = RoundOptions & Omit<Required<RoundOptions>, 'members' | 'sql' | 'link' | 'forMs' | 'bodiesMs'>;

export async function playRound(given: RoundOptions): Promise<Verdict> {
  const options: Options = { ...DEFAULTS, ...given };
  const { nodeFlags, environment, sql } = options;
  const servers = await Servers.start();
  let cluster: Cluster | null = null;
  let isKept = false;
  try {
    cluster = await Cluster.start({ servers, pools: POOLS, nodeFlags, environment, ...(sql !== undefined && { sql }) });
    await cluster.ready();
    const { broken, totals } = await play(cluster, options);
    isKept = broken.length > 0 && options.keepsEvidence;
    const left = await stopAll(cluster);
    cluster = null;
    const folder = isKept ? servers.folder : null;
    return { seed: options.seed, durationMs: options.durationMs, totals, broken: [...broken, ...left], folder };
  } catch (error) {
    isKept = true; // its logs say why
    throw error;
  } finally {
    await cluster?.stop();
    await servers.stop(isKept);
  }
}

async function play(cluster: Cluster, options: Options): Promise<Pick<Verdict, 'broken' | 'totals'>> {
  const { seed, durationMs } = options;
  const schedule = planFaults(options);
  const plans = planDags(seed, options.dags, options.bodiesMs);
  const startMs = systemClock.now();
  const endMs = startMs + durationMs - SCHEDULE_LEAD_MS;
  const ledger = join(cluster.servers.folder, 'ledger.jsonl');
  await cluster.save(dagFiles(plans, { ledger, startMs, endMs }), plans.length);
  options.say(`${schedule.length} faults over ${durationMs / 1000} s on ${cluster.members.length} processes; ${cluster.servers.folder}`);

  const users = new Users({ cluster, plans, seed: seed + 1, gapMs: [100, 500], openRunsMax: options.openRuns });
  const sampler = new Sampler(cluster);
  const nemesis = new Nemesis(cluster, schedule);
  const isCalm = schedule.every((fault) => fault.kind === 'slow');
  const gather = (): Evidence => {
    const readMs = systemClock.now();
    return { cluster, plans, lives: readLedger(ledger), readMs, users, startMs, endMs, isCalm };
  };
  sampler.start();
  users.start();
  const early = new EarlyEnd(options.stopsWhenBroken, sampler, nemesis, gather);
  early.start();
  await nemesis.play(durationMs);
  await early.stop();
  const found = early.isBroken
    ? early.broken
    : [...(await becomeQuiet(cluster, users, options.quietDeadlineMs)), ...(await judge(gather()))];
  await users.stop(early.isBroken);
  const broken = [...found, ...(await sampler.stop())].filter((one) => one.violations.length > 0);
  if (broken.length > 0 && options.keepsEvidence) await keepEvidence(cluster, schedule.map(sayFault), broken);
  return { broken, totals: await countTotals(gather(), nemesis, sampler) };
}

/** Liveness: everything ends by itself once the faults are over. */
async function becomeQuiet(cluster: Cluster, users: Users, deadlineMs: number): Promise<readonly Broken[]> {
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
    await users.stop(false);
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
