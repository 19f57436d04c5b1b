/** A monitor for tests: the whole app over a database of its own, spoken to with inject, and rows to look at. */
import type { InjectOptions } from 'fastify';
import type { Role } from '#platform/auth/roles.ts';
import { createUser, issueToken } from '#platform/auth/users.ts';
import type { Broker } from '#platform/broker/broker.ts';
import { newId, systemClock } from '#platform/clock.ts';
import type { Database } from '#platform/db/client.ts';
import { type ServiceHeartbeat, saveService } from '#platform/db/queries/save-service.ts';
import { quietLogger } from '#platform/logger.ts';
import { answerCheck } from '#test/support/answer-check.ts';
import { startBroker } from '#test/support/broker.ts';
import { testConfig } from '#test/support/config.ts';
import { createDatabase } from '#test/support/postgres.ts';
import { buildMonitor, type MonitorApp } from '../../monitor/app.ts';

export const PASSWORD = 'correct horse battery';
/** Lost after three of these. */
export const HEARTBEAT_MS = 5_000;

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of any shape.
  readonly json: any;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | number | undefined>>;
}

export interface RequestOptions {
  readonly body?: unknown;
  /** Whose bearer token is sent; admin by default, null = anonymous. */
  readonly role?: Role | null;
  readonly headers?: Record<string, string>;
  /** Where the request comes from; 127.0.0.1 by default. */
  readonly remoteAddress?: string;
}

export interface Harness extends MonitorApp {
  readonly db: Database;
  readonly broker: Broker;
  /** Throws when the answer is not as the monitor's OpenAPI document says. */
  request(method: string, url: string, options?: RequestOptions): Promise<Answer>;
  stop(): Promise<void>;
}

export async function startHarness(): Promise<Harness> {
  const database = await createDatabase();
  const { db } = database;
  const testBroker = await startBroker(database);
  const config = testConfig({ ...testBroker.settings, serviceHeartbeatMs: HEARTBEAT_MS });
  const logger = quietLogger();
  const broker = await testBroker.open();
  const monitor = await buildMonitor({ config, db, broker, clock: systemClock, logger }, '0.0.0-test');
  const check = answerCheck((await monitor.app.inject('/openapi.json')).json());
  const tokens = new Map<Role, string>();
  for (const role of ['admin', 'op', 'user', 'viewer'] as const) {
    await createUser(db, { username: role, password: PASSWORD, role });
    tokens.set(role, (await issueToken(db, { username: role, kind: 'api', ttlMs: 3_600_000 })).token);
  }
  return {
    ...monitor,
    db,
    broker,
    async request(method, url, options = {}) {
      const role = options.role === undefined ? 'admin' : options.role;
      const response = await monitor.app.inject({
        method: method as NonNullable<InjectOptions['method']>,
        url,
        headers: { ...(role !== null && { authorization: `Bearer ${tokens.get(role)}` }), ...options.headers },
        ...(options.body !== undefined && { payload: options.body as object }),
        ...(options.remoteAddress !== undefined && { remoteAddress: options.remoteAddress }),
      });
      const answer = { status: response.statusCode, json: parse(response.body), text: response.body, headers: response.headers };
      check(method, url, answer);
      return answer;
    },
    async stop() {
      await monitor.events.stop();
      await monitor.app.close();
      await testBroker.stop();
      await database.drop();
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A worker's row, as its heartbeat writes it; `silentMs` ago. */
export async function aWorker(db: Database, serviceId: string, row: Partial<ServiceHeartbeat> & { silentMs?: number } = {}): Promise<void> {
  const { silentMs = 0, ...rest } = row;
  await saveService(db, {
    serviceId,
    kind: 'worker',
    hostname: 'host-1',
    pid: 42,
    version: '0.1.0',
    state: 'running',
    queues: ['default'],
    slots: 8,
    running: 0,
    processed: 0,
    failed: 0,
    info: { rssBytes: 100_000_000, cpuPercent: 12.5, eventLoopLagMs: 3, nodeVersion: 'v24.0.0', taskProcesses: 2 },
    ...rest,
  });
  if (silentMs > 0)
    await db.pool.query(
      `update service set last_heartbeat_at = clock_timestamp() - $2 * interval '1 millisecond',
              started_at = clock_timestamp() - $2 * interval '1 millisecond' where service_id = $1`,
      [serviceId, silentMs],
    );
}

/** A stand-in worker: does at once what was asked, and reports it. "w-deaf" hears nothing. */
export async function answerRing(db: Database, workerId: string): Promise<void> {
  if (workerId === 'w-deaf') return;
  const { rows } = await db.pool.query('select slots, desired_state, desired_slots from service where service_id = $1', [workerId]);
  const { slots, desired_state: state, desired_slots: wanted } = rows[0];
  await saveService(db, {
    serviceId: workerId,
    kind: 'worker',
    hostname: 'host-1',
    pid: 42,
    version: '0.1.0',
    state: state === 'stopped' ? 'draining' : (state ?? 'running'),
    stopped: state === 'stopped',
    queues: ['default'],
    slots: wanted ?? slots,
  });
}

export interface TaskRow {
  readonly dagId?: string;
  readonly taskId: string;
  readonly state: 'queued' | 'running' | 'success' | 'failed';
  readonly queue?: string;
  readonly workerId?: string;
  /** When it was queued, seconds ago; it starts a second later and, when ended, ends a second after that. */
  readonly queuedSecondsAgo?: number;
  readonly tryNumber?: number;
  readonly error?: string;
}

/** One instance in a run of its own, with its history and attempt, as the scheduler and a worker would leave it. */
export async function aTask(db: Database, row: TaskRow): Promise<void> {
  const { dagId = 'sales', queue = 'default', queuedSecondsAgo = 10, workerId = 'w-1', tryNumber = 1 } = row;
  const isEnded = row.state === 'success' || row.state === 'failed';
  const runId = await aRun(db, dagId, isEnded ? row.state : 'running');
  const id = newId();
  const isLive = row.state === 'running';
  await db.pool.query(
    `insert into task_instance (task_instance_id, dag_run_id, task_id, state, try_number, max_tries, operator, queue, pool, pool_slots,
            priority_weight, lease_epoch, queued_at, lease_owner, lease_expires_at, last_heartbeat_at)
     values ($1, $2, $3, $4, $5, 2, 'task', $6, 'default_pool', 1, 1, 1, clock_timestamp() - $7 * interval '1 second', $8,
             case when $8::text is not null then clock_timestamp() + interval '1 minute' end, case when $8::text is not null then clock_timestamp() end)`,
    [id, runId, row.taskId, row.state, tryNumber, queue, queuedSecondsAgo, isLive ? workerId : null],
  );
  await db.pool.query(
    `insert into task_instance_event (task_instance_id, event, from_state, to_state, try_number, lease_epoch, actor, at)
     values ($1, 'enqueue', 'scheduled', 'queued', $2, 0, 'scheduler', clock_timestamp() - $3 * interval '1 second')`,
    [id, tryNumber, queuedSecondsAgo],
  );
  if (row.state === 'queued') return;
  await db.pool.query(
    `insert into task_attempt (attempt_id, task_instance_id, try_number, clear_number, lease_epoch, worker_id, hostname, pid, outcome, error, claimed_at, ended_at)
     values ($1, $2, $3, 0, 1, $4, 'host-1', 4711, $5, $6, clock_timestamp() - ($7 - 1) * interval '1 second',
             case when $5::text is not null then clock_timestamp() - ($7 - 2) * interval '1 second' end)`,
    [
      newId(),
      id,
      tryNumber,
      workerId,
      isEnded ? row.state : null,
      row.error === undefined ? null : { name: 'Error', message: row.error, stack: `Error: ${row.error}\n    at load` },
      queuedSecondsAgo,
    ],
  );
}

async function aRun(db: Database, dagId: string, state: string): Promise<string> {
  const versionId = newId();
  const runId = newId();
  await db.pool.query("insert into dag_bundle (hash, code) values ('none', '') on conflict do nothing");
  await db.pool.query('insert into dag (dag_id, file_path, is_paused, shard) values ($1, $2, false, 1) on conflict do nothing', [
    dagId,
    `${dagId}.ts`,
  ]);
  await db.pool.query(
    `insert into dag_version (version_id, dag_id, version_number, content_hash, bundle_hash, spec, source, file_path)
     select $1::uuid, $2, coalesce(max(version_number), 0) + 1, $1::text, 'none', '{}', '', '' from dag_version where dag_id = $2`,
    [versionId, dagId],
  );
  await db.pool.query(
    `insert into dag_run (dag_run_id, dag_id, run_id, run_type, state, version_id, shard, run_after, triggered_by, ended_at)
     values ($1::uuid, $2, 'manual__' || $1::text, 'manual', $3, $4, 1, clock_timestamp(), 'test', case when $3 <> 'running' then clock_timestamp() end)`,
    [runId, dagId, state, versionId],
  );
  return runId;
}
