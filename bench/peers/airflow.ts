/** Apache Airflow as its docs start it: api-server, scheduler, dag-processor, and with Celery one worker, on our servers. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { type Database, openDatabase } from '#platform/db/client.ts';
import { ensureDatabase } from '#platform/db/embedded-databases.ts';
import { freePort } from '#platform/embedded/free-port.ts';
import { quietLogger } from '#platform/logger.ts';
import type { Servers } from '../harness/servers.ts';
import { percentile } from '../harness/statistics.ts';
import { hopsOf, type Peer, type PeerFigures, type Sizes, type Times } from './peer.ts';
import { ProcessGroup } from './process-group.ts';
import { pythonEnvironment, REQUIREMENTS } from './python-tools.ts';

type Executor = 'LocalExecutor' | 'CeleryExecutor';

const READY_MS = 180_000;
const RUN_MS = 900_000;
const POLL_MS = 250;

const DAGS = (sizes: Sizes) => `
from airflow.sdk import DAG, task

def fibo(n):
    return n if n < 2 else fibo(n - 1) + fibo(n - 2)

def chain_of(dag_id, length, body):
    with DAG(dag_id, schedule=None, catchup=False):
        before = None
        for i in range(length):
            now = task(task_id=f"t{i:05d}")(body)()
            if before is not None:
                before >> now
            before = now

chain_of("chain", ${sizes.chain}, lambda: None)
chain_of("fibonacci", ${sizes.fibonacci}, lambda: fibo(10))

with DAG("wide", schedule=None, catchup=False, max_active_tasks=1000):
    for i in range(${sizes.wide}):
        task(task_id=f"t{i}")(lambda: None)()
`;

export async function startAirflow(servers: Servers, root: string, executor: Executor, sizes: Sizes): Promise<Peer> {
  const programs = pythonEnvironment(root, 'airflow');
  const folder = join(servers.folder, `airflow-${executor}`);
  mkdirSync(join(folder, 'dags'), { recursive: true });
  writeFileSync(join(folder, 'dags', 'bench.py'), DAGS(sizes));
  const database = `airflow_${executor.toLowerCase()}`;
  const admin = openDatabase({ url: servers.databaseUrl, applicationName: 'bench:peers', logger: quietLogger(), maxConnections: 1 });
  await ensureDatabase(admin, database);
  await admin.close();
  const url = new URL(servers.databaseUrl);
  url.pathname = `/${database}`;
  const port = await freePort();
  const group = new ProcessGroup(folder, environment({ folder, programs, url: url.href, redisUrl: servers.redisUrl, port, executor }));
  const airflow = join(programs, 'airflow');
  group.run(airflow, ['db', 'migrate']);
  group.start('api-server', airflow, ['api-server', '--port', String(port)]);
  group.start('scheduler', airflow, ['scheduler']);
  group.start('dag-processor', airflow, ['dag-processor']);
  if (executor === 'CeleryExecutor') group.start('worker', airflow, ['celery', 'worker']);
  const db = openDatabase({ url: url.href, applicationName: 'bench:peers', logger: quietLogger(), maxConnections: 2 });
  await waitFor('Airflow has parsed its DAGs', READY_MS, async () => {
    group.requireAlive();
    const { rows } = await db.pool
      .query<{ n: number }>('select count(*)::int as n from serialized_dag')
      .catch(() => ({ rows: [{ n: 0 }] }));
    return (rows[0]?.n ?? 0) >= 3;
  });
  const runs = new AirflowRuns(group, airflow, db);
  return {
    name: `Airflow, ${executor}`,
    setUp: `${REQUIREMENTS.airflow[0]}, defaults but for parallelism 32 (its default) and max_active_tasks 1000 in the wide DAG; ${executor === 'CeleryExecutor' ? 'one Celery worker with its default concurrency of 16, ' : ''}same Postgres and Redis`,
    measure: (wanted) => runs.measure(wanted),
    async stop() {
      await db.close();
      await group.stop();
    },
  };
}

class AirflowRuns {
  readonly #group: ProcessGroup;
  readonly #airflow: string;
  readonly #db: Database;

  constructor(group: ProcessGroup, airflow: string, db: Database) {
    this.#group = group;
    this.#airflow = airflow;
    this.#db = db;
  }

  async measure(sizes: Sizes): Promise<PeerFigures> {
    await this.#run('wide'); // warm-up: the first tasks of a fresh installation import everything
    const hops = hopsOf((await this.#run('chain')).times);
    const wide = await this.#run('wide');
    const fibonacci = await this.#run('fibonacci');
    return {
      hopP50Ms: percentile(hops, 0.5),
      hopP99Ms: percentile(hops, 0.99),
      tasksPerSecond: sizes.wide / (wide.ms / 1000),
      fibonacciMs: fibonacci.ms,
    };
  }

  async #run(dagId: string): Promise<{ readonly ms: number; readonly times: Times }> {
    const runId = `bench__${dagId}__${systemClock.now()}`;
    this.#group.run(this.#airflow, ['dags', 'trigger', dagId, '--run-id', runId]);
    await waitFor(`the run of ${dagId} has ended`, RUN_MS, async () => {
      this.#group.requireAlive();
      const { rows } = await this.#db.pool.query<{ state: string }>('select state from dag_run where run_id = $1', [runId]);
      if (rows[0]?.state === 'failed') throw new Error(`Airflow's run of ${dagId} failed`);
      return rows[0]?.state === 'success';
    });
    const run = await this.#db.pool.query<{ ms: number }>(
      'select extract(epoch from end_date - queued_at)::float8 * 1000 as ms from dag_run where run_id = $1',
      [runId],
    );
    const tasks = await this.#db.pool.query<{ started: number; ended: number }>(
      `select extract(epoch from start_date)::float8 * 1000 as started, extract(epoch from end_date)::float8 * 1000 as ended
         from task_instance where run_id = $1 order by task_id`,
      [runId],
    );
    return { ms: run.rows[0]?.ms ?? Number.NaN, times: tasks.rows.map((row) => [row.started, row.ended]) };
  }
}

interface Place {
  readonly folder: string;
  readonly programs: string;
  readonly url: string;
  readonly redisUrl: string;
  readonly port: number;
  readonly executor: Executor;
}

function environment({ folder, programs, url, redisUrl, port, executor }: Place): Record<string, string> {
  const sql = url.replace(/^postgres(ql)?:/, 'postgresql+psycopg2:');
  return {
    PATH: `${programs}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    AIRFLOW_HOME: folder,
    AIRFLOW__CORE__EXECUTOR: executor,
    AIRFLOW__CORE__DAGS_FOLDER: join(folder, 'dags'),
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION: 'False',
    AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS: 'True',
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL: `http://127.0.0.1:${port}/execution/`,
    AIRFLOW__CORE__FERNET_KEY: '',
    AIRFLOW__API__BASE_URL: `http://127.0.0.1:${port}`,
    AIRFLOW__API__SECRET_KEY: 'a secret of this benchmark that is long enough',
    AIRFLOW__API_AUTH__JWT_SECRET: 'another secret of this benchmark that is long enough for its key',
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: sql,
    AIRFLOW__CELERY__BROKER_URL: redisUrl.replace(/\/0$/, '/1'),
    AIRFLOW__CELERY__RESULT_BACKEND: `db+${sql.replace('+psycopg2', '')}`,
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED: 'False',
  };
}

async function waitFor(what: string, deadlineMs: number, holds: () => Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedAt > deadlineMs) throw new Error(`after ${deadlineMs / 1000} s still not: ${what}`);
    await systemClock.sleep(POLL_MS);
  }
}
