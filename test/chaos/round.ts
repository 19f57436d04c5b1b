/** One chaos run: a cluster, people at work, faults by a schedule, quiet again, and a judgement. */
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { checkInvariants } from '#platform/db/invariants/check-invariants.ts';
import { until } from '#test/support/until.ts';
import { BODY_CHECKS } from './checks/bodies.ts';
import type { Broken, Check, Evidence } from './checks/check.ts';
import { LIMIT_CHECKS } from './checks/limits.ts';
import { MODEL_CHECK } from './checks/model.ts';
import { RUN_CHECKS } from './checks/runs.ts';
import { TRACE_CHECKS } from './checks/traces.ts';
import { Cluster } from './cluster.ts';
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
  readonly dags?: number;
  /** Flags of Node for every process, and variables they read. */
  readonly nodeFlags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** How long it may take until everything is quiet again. */
  readonly quietDeadlineMs?: number;
  readonly say?: (line: string) => void;
}

const DAY_MS = 86_400_000;
const DEFAULTS = {
  kinds: FAULT_KINDS,
  gapMs: [400, 1_800],
  dags: 6,
  nodeFlags: [],
  environment: {},
  quietDeadlineMs: 120_000,
  say: () => {},
} as const;
/** Clock ticks end a little before the faults do. */
const SCHEDULE_LEAD_MS = 2_000;
const OPEN_RUNS_MAX = 14;

export async function playRound(given: RoundOptions): Promise<Verdict> {
  const options = { ...DEFAULTS, ...given };
  const schedule = planFaults(options);
  const plans = planDags(options.seed, options.dags);
  const servers = await Servers.start();
  let isKept = false;
  let cluster: Cluster | null = null;
  try {
    cluster = await Cluster.start({ servers, pools: POOLS, nodeFlags: options.nodeFlags, environment: options.environment });
    await cluster.ready();
    const startMs = systemClock.now();
    const endMs = startMs + options.durationMs - SCHEDULE_LEAD_MS;
    const ledger = join(servers.folder, 'ledger.jsonl');
    await cluster.save(dagFiles(plans, { ledger, startMs, endMs }), plans.length);
    options.say(`${schedule.length} faults over ${options.durationMs / 1000} s on ${cluster.members.length} processes; ${servers.folder}`);

    const users = new Users({ cluster, plans, seed: options.seed + 1, gapMs: [150, 700], openRunsMax: OPEN_RUNS_MAX });
    const sampler = new Sampler(cluster);
    const nemesis = new Nemesis(cluster, schedule);
    sampler.start();
    users.start();
    await nemesis.play();
    const stillness = await becomeQuiet(cluster, users, options.quietDeadlineMs);
    const instants = await sampler.stop();
    const evidence: Evidence = { cluster, plans, lives: readLedger(ledger), users, startMs, endMs };
    const broken = [...stillness, ...instants, ...(await judge(evidence))].filter((one) => one.violations.length > 0);
    const totals = await countTotals(evidence, nemesis, sampler);
    isKept = broken.length > 0;
    if (isKept) await keepEvidence(cluster, schedule.map(sayFault), broken);
    const left = await stopAll(cluster);
    cluster = null;
    return {
      seed: options.seed,
      durationMs: options.durationMs,
      totals,
      broken: [...broken, ...left],
      folder: isKept ? servers.folder : null,
    };
  } finally {
    await cluster?.stop();
    await servers.stop(isKept);
  }
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
    await users.stop();
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

const CHECKS: readonly Check[] = [...BODY_CHECKS, ...LIMIT_CHECKS, MODEL_CHECK, ...RUN_CHECKS, ...TRACE_CHECKS];

async function judge(evidence: Evidence): Promise<readonly Broken[]> {
  const found: Broken[] = [];
  for (const { id, promise, violations, error } of await checkInvariants(evidence.cluster.db, DAY_MS))
    found.push({ id, promise, violations: error === null ? violations : [`could not be checked: ${error}`] });
  for (const { id, promise, violations } of CHECKS) found.push({ id, promise, violations: await violations(evidence) });
  return found;
}

/** Ends every process; none of those below them may live on. */
async function stopAll(cluster: Cluster): Promise<readonly Broken[]> {
  const below = cluster.members.flatMap((member) => member.descendants);
  await cluster.stop();
  const alive = below.filter(isAlive);
  const late = cluster.members.flatMap((member) => member.unaskedEnds.filter((words) => words.includes('did not stop')));
  const violations = [...late, ...alive.map((pid) => `process ${pid} lives on`)];
  return violations.length === 0 ? [] : [{ id: 'INV-23', promise: 'A cluster that is stopped leaves no process behind.', violations }];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
