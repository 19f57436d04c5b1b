/** Prefect as its docs start it: a server on our Postgres, and flows that run in a process of their own. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '#platform/clock.ts';
import { openDatabase } from '#platform/db/client.ts';
import { ensureDatabase } from '#platform/db/embedded-databases.ts';
import { freePort } from '#platform/embedded/free-port.ts';
import { quietLogger } from '#platform/logger.ts';
import type { Servers } from '../harness/servers.ts';
import { percentile } from '../harness/statistics.ts';
import { hopsOf, type Peer, type PeerFigures, type Sizes } from './peer.ts';
import { ProcessGroup } from './process-group.ts';
import { pythonEnvironment, REQUIREMENTS } from './python-tools.ts';

const READY_MS = 120_000;

/** Prints one line of JSON: [start, end] of each body by the machine's clock, and the seconds of the flow call. */
const FLOW = `
import json, sys, time
from prefect import flow, task
from prefect.task_runners import ThreadPoolTaskRunner

def fibo(n):
    return n if n < 2 else fibo(n - 1) + fibo(n - 2)

@task
def noop(before=None):
    now = time.time() * 1000
    return [now, time.time() * 1000]

@task
def light(before=None):
    return fibo(10)

@flow
def chain(length):
    times = []
    before = None
    for _ in range(length):
        before = noop(before)
        times.append(before)
    return times

@flow
def fibonacci(length):
    before = None
    for _ in range(length):
        before = light(before)

@flow(task_runner=ThreadPoolTaskRunner(max_workers=32))
def wide(width):
    for future in [noop.submit() for _ in range(width)]:
        future.result()

name, size = sys.argv[1], int(sys.argv[2])
flows = {"chain": chain, "wide": wide, "fibonacci": fibonacci}
flows[name](2)
begun = time.time()
result = flows[name](size)
print("RESULT " + json.dumps({"seconds": time.time() - begun, "times": result if name == "chain" else []}))
`;

interface FlowResult {
  readonly seconds: number;
  readonly times: readonly (readonly [number, number])[];
}

export async function startPrefect(servers: Servers, root: string): Promise<Peer> {
  const programs = pythonEnvironment(root, 'prefect');
  const folder = join(servers.folder, 'prefect');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'flow.py'), FLOW);
  const admin = openDatabase({ url: servers.databaseUrl, applicationName: 'bench:peers', logger: quietLogger(), maxConnections: 1 });
  await ensureDatabase(admin, 'prefect');
  await admin.close();
  const url = new URL(servers.databaseUrl);
  url.pathname = '/prefect';
  const port = await freePort();
  const group = new ProcessGroup(folder, {
    PATH: `${programs}:${process.env['PATH'] ?? ''}`,
    HOME: folder,
    PREFECT_HOME: folder,
    PREFECT_API_URL: `http://127.0.0.1:${port}/api`,
    PREFECT_API_DATABASE_CONNECTION_URL: url.href.replace(/^postgres(ql)?:/, 'postgresql+asyncpg:'),
    PREFECT_LOGGING_LEVEL: 'WARNING',
    DO_NOT_TRACK: '1',
    PREFECT_SERVER_ANALYTICS_ENABLED: 'false',
  });
  group.start('server', join(programs, 'prefect'), ['server', 'start', '--host', '127.0.0.1', '--port', String(port)]);
  const startedAt = performance.now();
  while (!(await isUp(`http://127.0.0.1:${port}/api/health`))) {
    if (performance.now() - startedAt > READY_MS) throw new Error(`the Prefect server does not answer; see ${folder}/server.log`);
    await systemClock.sleep(250);
  }
  const run = (name: string, size: number): FlowResult => {
    const output = group.run(join(programs, 'python'), ['flow.py', name, String(size)]);
    return JSON.parse(/^RESULT (.*)$/m.exec(output)?.[1] ?? 'null') as FlowResult;
  };
  return {
    name: 'Prefect',
    setUp: `${REQUIREMENTS.prefect[0]}, defaults; flows run as python processes beside a server on the same Postgres; 32 threads in the wide flow; times exclude the start of Python`,
    measure: async (sizes: Sizes): Promise<PeerFigures> => {
      const hops = hopsOf(run('chain', sizes.chain).times);
      return {
        hopP50Ms: percentile(hops, 0.5),
        hopP99Ms: percentile(hops, 0.99),
        tasksPerSecond: sizes.wide / run('wide', sizes.wide).seconds,
        fibonacciMs: run('fibonacci', sizes.fibonacci).seconds * 1000,
      };
    },
    stop: () => group.stop(),
  };
}

async function isUp(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.ok,
    () => false,
  );
}
