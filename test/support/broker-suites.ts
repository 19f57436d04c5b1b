/**
 * Which suites depend on a broker, read from their imports, and on which brokers each runs. What uses broker.ts runs on
 * both of its own accord; the table names what runs on one, and why. vitest.config.ts makes the projects from this.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrokerKind } from './broker.ts';

export interface OneBroker {
  /** A suite, or the folder of some. */
  readonly suites: string;
  readonly broker: BrokerKind;
  readonly why: string;
  /** Without that broker there is nothing to test: it never runs on the other. */
  readonly isItsSubject?: true;
  /** Suites of the folder that run on both nonetheless. */
  readonly but?: readonly string[];
}

const RINGS_ONLY = 'it rings at most, and nothing in it waits for what a broker brings';

/** The first that fits counts. `npm run test:brokers` runs these on the other broker too, where they can. */
export const ON_ONE_BROKER: readonly OneBroker[] = [
  { suites: 'test/platform/broker.test.ts', broker: 'redis', why: 'it is the conformance suite and opens both brokers itself' },
  { suites: 'test/platform/embedded.test.ts', broker: 'redis', why: 'it is about the redis-server that we start' },
  { suites: 'test/platform/redis-folder.test.ts', broker: 'redis', why: 'it is about the redis-server that we start' },
  { suites: 'test/broker/redis-away.test.ts', broker: 'redis', why: 'it is about a Redis that goes away', isItsSubject: true },
  { suites: 'test/broker/postgres-away.test.ts', broker: 'postgres', why: 'it is about a Postgres that goes away with the queues on it' },
  { suites: 'test/broker/redis-failover.test.ts', broker: 'redis', why: 'it is about a replica of Redis', isItsSubject: true },
  { suites: 'test/faults/leases-first.test.ts', broker: 'postgres', why: 'it is about the connections to Postgres' },
  { suites: 'test/faults/clocks.test.ts', broker: 'redis', why: 'it is about the clocks of processes and of Postgres' },
  { suites: 'test/faults/stands-in-transaction.test.ts', broker: 'redis', why: 'it is about a transaction in Postgres' },
  { suites: 'test/faults/all-at-once.test.ts', broker: 'redis', why: RINGS_ONLY },
  { suites: 'test/faults/lost-commits.test.ts', broker: 'redis', why: 'with the queues in Postgres they would be put back, too' },
  { suites: 'test/faults/killed-in-use.test.ts', broker: 'redis', why: RINGS_ONLY },
  { suites: 'test/broker/upgrade.test.ts', broker: 'redis', why: 'it is long; the wire forms on both are in test/platform/broker.test.ts' },
  {
    suites: 'test/broker/upgrade-serving.test.ts',
    broker: 'redis',
    why: 'it is long; the wire forms on both are in test/platform/broker.test.ts',
  },
  { suites: 'test/broker/redis-answers.test.ts', broker: 'redis', why: 'it is about what Redis answers', isItsSubject: true },
  { suites: 'test/chaos', broker: 'redis', why: 'it strikes a Redis, too; `npm run chaos -- --broker postgres` plays it without one' },
  {
    suites: 'test/doors',
    broker: 'postgres',
    why: 'bad input is refused before a broker is asked; that of Redis itself meets a server of its own',
  },
  { suites: 'test/hell', broker: 'postgres', why: RINGS_ONLY },
  { suites: 'test/fuzz', broker: 'postgres', why: RINGS_ONLY },
  { suites: 'test/cli', broker: 'postgres', why: RINGS_ONLY },
  { suites: 'test/examples', broker: 'postgres', why: 'dags test runs a DAG in one process without a broker' },
  { suites: 'test/dags/examples.test.ts', broker: 'postgres', why: 'dags test runs a DAG in one process without a broker' },
  { suites: 'test/readme.test.ts', broker: 'postgres', why: 'dags test runs a DAG in one process without a broker' },
  {
    suites: 'test/browser',
    broker: 'redis',
    why: 'what a page shows comes from Postgres; how it is told of changes is in test/webserver/ui-api.test.ts',
  },
  { suites: 'test/e2e/ny-taxi.test.ts', broker: 'redis', why: 'it is about data, and is long; test/e2e/data.test.ts runs on both' },
  {
    suites: 'test/monitor/pages.test.ts',
    broker: 'postgres',
    why: 'what a page shows comes from Postgres; test/monitor/live.test.ts runs on both',
  },
  { suites: 'test/examples/clouds.test.ts', broker: 'postgres', why: 'it is about the emulated clouds' },
  { suites: 'test/probes', broker: 'redis', why: 'it is long, and what dies in it are our own processes, never the broker' },
  { suites: 'test/standalone', broker: 'redis', why: 'it is long, and starts once on the other broker itself' },
  {
    suites: 'test/webserver',
    broker: 'postgres',
    why: RINGS_ONLY,
    but: ['test/webserver/trigger.test.ts', 'test/webserver/ui-api.test.ts'],
  },
  { suites: 'test/approvals', broker: 'postgres', why: RINGS_ONLY },
  { suites: 'test/dag-processor', broker: 'postgres', why: RINGS_ONLY },
  { suites: 'test/platform', broker: 'postgres', why: RINGS_ONLY },
  {
    suites: 'test/scheduler',
    broker: 'postgres',
    why: 'the test plays the worker, and takes instances from Postgres',
    but: ['test/scheduler/changed-runs.test.ts', 'test/scheduler/two-schedulers.test.ts', 'test/scheduler/first-start.test.ts'],
  },
];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PARAMETER = 'test/support/broker.ts';
/** Who names one of these deals with a broker, whether it takes the parameter or not. */
const WAYS_TO_A_BROKER = /(?:redis|postgres|open)-broker\.ts'|support\/redis\.ts'|embedded\/redis\.ts'|bin\/windlass\.mjs/;

export type Dependence = 'none' | 'parameter' | 'fixed';

/** All suites, relative to the repository, with how they depend on a broker. */
export function listSuites(root = ROOT): ReadonlyMap<string, Dependence> {
  const known = new Map<string, Dependence>();
  const suites = globSync('test/**/*.test.ts', { cwd: root }).toSorted();
  return new Map(suites.map((suite) => [suite, dependenceOf(suite, root, known)]));
}

export interface BrokerSuites {
  readonly once: readonly string[];
  readonly redis: readonly string[];
  readonly postgres: readonly string[];
}

/** `everything`: also what the table leaves on one broker runs on both, if it can. */
export function brokerSuites(everything: boolean): BrokerSuites {
  const suites = [...listSuites()];
  const on = (kind: BrokerKind) =>
    suites.flatMap(([suite, dependence]) => {
      const only = oneBrokerOf(suite);
      if (dependence === 'none') return [];
      if (dependence === 'fixed' || only?.isItsSubject === true) return only?.broker === kind ? [suite] : [];
      return everything || only === undefined || only.broker === kind ? [suite] : [];
    });
  const [redis, postgres] = [on('redis'), on('postgres')];
  const placed = new Set([...redis, ...postgres]);
  // A suite that has no place runs once: the guard says what is missing, nothing goes unrun.
  return { once: suites.map(([suite]) => suite).filter((suite) => !placed.has(suite)), redis, postgres };
}

export function oneBrokerOf(suite: string): OneBroker | undefined {
  return ON_ONE_BROKER.find(({ suites, but = [] }) => (suite === suites || suite.startsWith(`${suites}/`)) && !but.includes(suite));
}

/** Follows the imports of a file through the test folder. */
export function dependenceOf(file: string, root: string, known: Map<string, Dependence>): Dependence {
  const before = known.get(file);
  if (before !== undefined) return before;
  if (file === PARAMETER) return 'parameter';
  known.set(file, 'none'); // for a cycle of imports
  const text = readFileSync(join(root, file), 'utf8');
  const through = importsOf(file, text, root).map((next) => dependenceOf(next, root, known));
  const own: Dependence = WAYS_TO_A_BROKER.test(text) ? 'fixed' : 'none';
  const found = through.includes('parameter') ? 'parameter' : through.includes('fixed') ? 'fixed' : own;
  known.set(file, found);
  return found;
}

function importsOf(file: string, text: string, root: string): readonly string[] {
  const atRunTime = text.replace(/^import type [^;]*;/gm, '');
  const named = [...atRunTime.matchAll(/(?:from|import|import\(|new URL\()\s*'(#test\/|\.{1,2}\/)([^']+\.ts)'/g)];
  const paths = named.map(([, start = '', rest = '']) =>
    start === '#test/' ? join('test', rest) : normalize(join(dirname(file), start, rest)),
  );
  return [...new Set(paths)].filter((path) => path.startsWith('test/') && existsSync(join(root, path)));
}
