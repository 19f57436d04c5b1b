/**
 * A small cluster on which one fault is played by a script, step by step: probes stop its processes at named points,
 * links hold what they say, bodies end when they are let go. Everything it waits for is a fact, not a time.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Broker } from '#platform/broker/broker.ts';
import { newId, systemClock } from '#platform/clock.ts';
import { createDagRuns } from '#platform/db/queries/create-dag-runs.ts';
import type { ProbeName } from '#platform/probes/probe-table.ts';
import { until } from '#test/support/until.ts';
import type { ProbeAction } from '../../probes/arm-probes.ts';
import { Cluster } from '../cluster.ts';
import { type Life, readLedger } from '../ledger.ts';
import type { Member, Role } from '../member.ts';
import type { Servers } from '../servers.ts';
import type { Edit } from './measures.ts';
import { ONE_SLOT, SLOT_DAGS, stageDags } from './stage-dags.ts';

const EDITS_PRELOAD = new URL('preload.mjs', import.meta.url).href;
const PROBES_PRELOAD = new URL('../../probes/arm-probes.ts', import.meta.url).href;
/** Of whatever is to happen, on a busy machine. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 50;
/** What was rung is rung again after so long, plus a sweep. */
const RERING_AFTER_MS = 2_000;
export const RUNG_AGAIN_BY_MS = RERING_AFTER_MS * 2.5;

const TIMES = {
  WINDLASS_LEASE_TTL_MS: '2000',
  WINDLASS_LEASE_RENEW_MS: '300',
  WINDLASS_LEASE_GRACE_MS: '200',
  WINDLASS_SHARD_LEASE_TTL_MS: '2000',
  WINDLASS_SERVICE_HEARTBEAT_MS: '300',
  WINDLASS_RERING_AFTER_MS: String(RERING_AFTER_MS),
};

/** An end of an attempt can be held in the middle of its commit: while somebody has this lock. */
const SLOW_COMMIT_LOCK = 4_711;
const SLOW_COMMITS = `
create function chaos_slow_commit() returns trigger language plpgsql as $slow$
begin
  perform pg_advisory_xact_lock_shared(${SLOW_COMMIT_LOCK});
  return new;
end $slow$;
create trigger chaos_slow_commit before update on task_attempt for each row when (new.outcome = 'success') execute function chaos_slow_commit();
`;

export interface StageOptions {
  readonly servers: Servers;
  readonly name: string;
  readonly schedulers: number;
  readonly workers: number;
  readonly edits: readonly Edit[];
  readonly sql: string;
}

export interface Run {
  readonly dagId: string;
  readonly dagRunId: string;
  readonly runId: string;
}

interface InstanceRow {
  readonly id: string;
  readonly state: string;
  readonly tryNumber: number;
  readonly leaseEpoch: number;
  readonly leaseOwner: string | null;
}

export class Stage {
  readonly cluster: Cluster;
  readonly broker: Broker;
  readonly ledger: string;
  readonly #probes: string;
  /** Open transactions of ours, by what ends them. */
  readonly #held = new Set<() => Promise<void>>();

  private constructor(cluster: Cluster, broker: Broker) {
    this.cluster = cluster;
    this.broker = broker;
    this.ledger = join(cluster.folder, 'ledger.jsonl');
    this.#probes = join(cluster.folder, 'probes');
  }

  static async open({ servers, name, schedulers, workers, edits, sql }: StageOptions): Promise<Stage> {
    const folder = join(servers.folder, name);
    for (const below of ['go', 'probes/armed', 'probes/reached']) mkdirSync(join(folder, below), { recursive: true });
    const members = (role: Role, count: number) => Array.from({ length: count }, (_, number) => ({ name: `${role}-${number + 1}`, role }));
    const cluster = await Cluster.start({
      servers,
      name,
      members: [...members('scheduler', schedulers), ...members('worker', workers)],
      pools: { [ONE_SLOT]: 1 },
      nodeFlags: ['--import', EDITS_PRELOAD, '--import', PROBES_PRELOAD],
      environment: { ...TIMES, CHAOS_EDITS: JSON.stringify(edits), PROBE_FOLDER: join(folder, 'probes') },
      sql: SLOW_COMMITS + sql,
    });
    try {
      const broker = await cluster.openBroker();
      const stage = new Stage(cluster, broker);
      await cluster.ready();
      await cluster.save({ 'stage.ts': stageDags(stage.ledger, join(folder, 'go')) }, SLOT_DAGS.length + 3);
      if (schedulers > 1) await stage.#shared(schedulers);
      return stage;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  /** Nobody is asked to end in order: what is left of a play is of no use. */
  async close(): Promise<void> {
    // A script that failed in the middle has left them, and the pool waits for those who have its connections.
    for (const letGo of this.#held) await letGo();
    await this.broker.close();
    await this.cluster.kill();
  }

  of(role: Role): readonly Member[] {
    return this.cluster.ofRole(role);
  }

  /** A run, of which schedulers are not told. */
  async create(dagId: string): Promise<Run> {
    const dagRunId = newId();
    const run = { dagId, dagRunId, runId: `manual__${dagRunId}` };
    const none = { logicalDate: null, dataIntervalStart: null, dataIntervalEnd: null, triggeringUser: null, note: null };
    const made = {
      ...run,
      runType: 'manual',
      conf: {},
      runAfter: new Date(systemClock.now() - 1_000),
      triggeredBy: 'test',
      ...none,
    } as const;
    if ((await createDagRuns(this.cluster.db, [made])).size !== 1) throw new Error(`a run of ${dagId} was not created`);
    return run;
  }

  ring({ dagId }: Run): void {
    this.broker.ring('runs_changed', { dagIds: [dagId] });
  }

  async run(dagId: string): Promise<Run> {
    const run = await this.create(dagId);
    this.ring(run);
    return run;
  }

  /** Lets the body of a try come to its end. */
  go({ runId }: Run, tryNumber: number): void {
    writeFileSync(join(this.cluster.folder, 'go', `${runId}.${tryNumber}`), '');
  }

  async instance({ dagRunId }: Run, taskId = 't'): Promise<InstanceRow> {
    const rows = await this.cluster.sql<InstanceRow>(
      `select task_instance_id as id, state, try_number as "tryNumber", lease_epoch as "leaseEpoch", lease_owner as "leaseOwner"
         from task_instance where dag_run_id = $1 and task_id = $2`,
      [dagRunId, taskId],
    );
    if (rows[0] === undefined) throw new Error(`no ${taskId} in run ${dagRunId}`);
    return rows[0];
  }

  lives({ runId }: Run): readonly Life[] {
    return readLedger(this.ledger).filter((life) => life.runId === runId);
  }

  /** Resolves with the newest body when so many of the run have begun. */
  async began(run: Run, count: number): Promise<Life> {
    const lives = () => this.lives(run);
    return until(() => lives().length >= count && lives().at(-1), {
      what: `body ${count} of ${run.dagId} begins`,
      deadlineMs: PATIENCE_MS,
    });
  }

  async ended({ dagId, dagRunId }: Run): Promise<void> {
    await until(
      async () => (await this.cluster.sql('select 1 from dag_run where dag_run_id = $1 and ended_at is not null', [dagRunId])).length > 0,
      { what: `the run of ${dagId} ends`, deadlineMs: PATIENCE_MS },
    );
  }

  /** The worker that has the lease. */
  async holderOf(run: Run): Promise<Member> {
    return this.#member((await this.instance(run)).leaseOwner);
  }

  /** The scheduler that has the DAG. */
  async ownerOf(dagId: string): Promise<Member> {
    const rows = await this.cluster.sql<{ owner: string | null }>(
      'select s.owner from dag d join scheduler_shard s using (shard) where d.dag_id = $1',
      [dagId],
    );
    return this.#member(rows[0]?.owner ?? null);
  }

  async #member(serviceId: string | null): Promise<Member> {
    const rows = await this.cluster.sql<{ pid: number }>('select pid from service where service_id = $1', [serviceId]);
    const found = this.cluster.members.find((member) => member.pid !== null && member.pid === rows[0]?.pid);
    if (found === undefined) throw new Error(`no process of this stage is ${serviceId}`);
    return found;
  }

  /** The next process that comes to the probe is killed or stopped there; note: it is only written down. */
  arm(probe: ProbeName, action: ProbeAction): void {
    for (const name of this.#reachedFiles(probe)) rmSync(join(this.#probes, 'reached', name));
    writeFileSync(join(this.#probes, 'armed', probe), action);
  }

  disarm(probe: ProbeName): void {
    rmSync(join(this.#probes, 'armed', probe), { force: true });
  }

  /** The process that came to the probe since it was armed. */
  pidAt(probe: ProbeName): number | null {
    const [name] = this.#reachedFiles(probe);
    return name === undefined ? null : Number(name.slice(probe.length + 1));
  }

  async reached(probe: ProbeName): Promise<number> {
    return until(() => this.pidAt(probe), { what: `a process comes to ${probe}`, deadlineMs: PATIENCE_MS });
  }

  #reachedFiles(probe: ProbeName): readonly string[] {
    return readdirSync(join(this.#probes, 'reached')).filter((name) => name.startsWith(`${probe}.`));
  }

  /** A statement with these words waits for a lock. */
  async isBlocked(words: string): Promise<boolean> {
    const rows = await this.cluster.sql(
      `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and position($1 in query) > 0`,
      [words],
    );
    return rows.length > 0;
  }

  /** While this lasts, no end of a successful attempt is committed. */
  async holdCommits(): Promise<() => Promise<void>> {
    return this.#inTransaction(`select pg_advisory_xact_lock(${SLOW_COMMIT_LOCK})`, []);
  }

  /** Locks the rows of a run's instances, as somebody's open transaction does. */
  async lockInstances({ dagRunId }: Run): Promise<() => Promise<void>> {
    return this.#inTransaction('select 1 from task_instance where dag_run_id = $1 for update', [dagRunId]);
  }

  async #inTransaction(statement: string, values: readonly unknown[]): Promise<() => Promise<void>> {
    const client = await this.cluster.db.pool.connect();
    await client.query('begin');
    await client.query(statement, [...values]);
    const letGo = async () => {
      if (!this.#held.delete(letGo)) return;
      await client.query('rollback');
      client.release();
    };
    this.#held.add(letGo);
    return letGo;
  }

  /** Resolves when the process has written something after now: what it had sent before is done. */
  async livesOn(member: Member): Promise<void> {
    const at = (await this.cluster.sql<{ now: Date }>('select clock_timestamp() as now'))[0]?.now;
    await until(
      async () => (await this.cluster.sql('select 1 from service where pid = $1 and last_heartbeat_at > $2', [member.pid, at])).length > 0,
      { what: `${member.name} lives on`, deadlineMs: PATIENCE_MS },
    );
  }

  /** In the broker for workers, waiting or in somebody's hands. */
  async bells(): Promise<number> {
    const [depth] = await this.broker.depths(['default']);
    return (depth?.waiting ?? 0) + (depth?.active ?? 0);
  }

  /** In words, when the instance stayed queued for so long while no bell for it was in the broker. */
  async unrung(run: Run, forMs: number): Promise<readonly string[]> {
    for (const since = performance.now(); ; ) {
      const { id, state } = await this.instance(run);
      if (state !== 'queued' || (await this.bells()) > 0) return [];
      const ms = Math.round(performance.now() - since);
      if (ms >= forMs)
        return [`${run.dagId} ${run.runId} (${id}): queued for ${ms} ms, and no bell for it is in the broker, which is well`];
      await systemClock.sleep(LOOK_MS);
    }
  }

  /** All of its queues and locks; those of others in the same Redis stay. */
  async eraseBroker(): Promise<void> {
    const script = `for _, key in ipairs(redis.call('KEYS', '{${this.cluster.name}}:*')) do redis.call('DEL', key) end`;
    const answer = await this.cluster.servers.redis(`EVAL "${script}" 0`);
    if (answer.startsWith('-')) throw new Error(answer);
  }

  /** Resolves when each scheduler has its share of the shards. */
  async #shared(schedulers: number): Promise<void> {
    await until(
      async () => {
        const owners = await this.cluster.sql<{ n: number }>(
          'select count(*)::int as n from scheduler_shard where owner is not null group by owner',
        );
        return owners.length === schedulers && owners.every(({ n }) => n === 16 / schedulers);
      },
      { what: 'schedulers share the shards', deadlineMs: PATIENCE_MS },
    );
  }

  /** Everybody is at work, and nothing is armed. */
  async rest(): Promise<void> {
    for (const name of readdirSync(join(this.#probes, 'armed'))) this.disarm(name as ProbeName);
    for (const member of this.cluster.members) member.heal();
    await this.cluster.ready();
    if (this.of('scheduler').length > 1) await this.#shared(this.of('scheduler').length);
  }

  /** The last warnings of its processes, for the message of a failure. */
  warnings(): string {
    const lines = this.cluster.members.flatMap(({ name }) => {
      const path = join(this.cluster.folder, `${name}.log`);
      const text = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
      return text.filter((line) => /"level":("(warn|error|fatal)"|[4-6]0)/.test(line)).map((line) => `${name} ${line.slice(0, 400)}`);
    });
    return lines.slice(-12).join('\n');
  }
}
