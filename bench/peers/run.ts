/**
 * `npm run bench:peers [-- airflow-local airflow-celery prefect] [--venvs FOLDER] [--json FILE]`: Apache Airflow and Prefect from
 * Python's registry beside Windlass, in turn, in one run, on the same Postgres and Redis. Needs python3 with venv.
 */
import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startServers } from '../harness/servers.ts';
import { startAirflow } from './airflow.ts';
import type { Peer, PeerFigures, Sizes } from './peer.ts';
import { startPrefect } from './prefect.ts';
import { startWindlass } from './windlass.ts';

/** Small enough for the slowest of them, the same for all. */
const SIZES: Sizes = { chain: 20, wide: 100, fibonacci: 40 };

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { venvs: { type: 'string', default: join(homedir(), '.cache', 'windlass-peers') }, json: { type: 'string' } },
});
// Ended in the middle, it ends what it has started.
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => process.exit(1));
const servers = await startServers();
const STARTS: Readonly<Record<string, () => Promise<Peer>>> = {
  windlass: () => startWindlass(servers, SIZES),
  'airflow-local': () => startAirflow(servers, values.venvs, 'LocalExecutor', SIZES),
  'airflow-celery': () => startAirflow(servers, values.venvs, 'CeleryExecutor', SIZES),
  prefect: () => startPrefect(servers, values.venvs),
};
const wanted = Object.keys(STARTS).filter((name) => name === 'windlass' || positionals.length === 0 || positionals.includes(name));

const found: { readonly name: string; readonly setUp: string; readonly figures: PeerFigures }[] = [];
try {
  for (const name of wanted) {
    try {
      const peer = await (STARTS[name] as () => Promise<Peer>)();
      try {
        found.push({ name: peer.name, setUp: peer.setUp, figures: await peer.measure(SIZES) });
      } finally {
        await peer.stop();
      }
    } catch (error) {
      process.exitCode = 1;
      process.stderr.write(`${name} FAILED: ${(error as Error).message}\n`);
    }
  }
} finally {
  if (process.exitCode === undefined) await servers.stop();
  else process.stderr.write(`The folder ${servers.folder} is kept, for its logs.\n`);
}
print();
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ sizes: SIZES, found }, null, 2)}\n`);
process.exit();

function print(): void {
  const own = found.find((one) => one.name === 'Windlass')?.figures;
  process.stdout.write(
    `chain of ${SIZES.chain} no-ops, ${SIZES.wide} independent no-ops, ${SIZES.fibonacci} x fibo(10); one run of each after a warm-up\n\n`,
  );
  for (const { name, setUp, figures } of found) {
    const times = (mine: number, theirs: number) => (own === undefined || name === 'Windlass' ? '' : ` (${(theirs / mine).toFixed(1)} x)`);
    process.stdout.write(
      [
        `${name}: ${setUp}`,
        `  end to dependent's start   p50 ${figures.hopP50Ms.toFixed(1)} ms${times(own?.hopP50Ms ?? 1, figures.hopP50Ms)}   p99 ${figures.hopP99Ms.toFixed(1)} ms`,
        `  independent tasks          ${figures.tasksPerSecond.toFixed(1)} tasks/s${times(figures.tasksPerSecond, own?.tasksPerSecond ?? 1)}`,
        `  ${SIZES.fibonacci} x fibo(10)              ${figures.fibonacciMs.toFixed(0)} ms${times(own?.fibonacciMs ?? 1, figures.fibonacciMs)}`,
        '',
        '',
      ].join('\n'),
    );
  }
}
