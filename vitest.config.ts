import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { brokerSuites } from './test/support/broker-suites.ts';
import { TwoLanes } from './test/support/suite-order.ts';

// Each suite is a process of its own, and all of them load the same packages: what one has compiled the others find.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(new URL('node_modules/.cache/compile-tests', import.meta.url));

const SHARED = { pool: 'forks', testTimeout: 30_000, hookTimeout: 60_000 } as const;
/** Suites that use a broker run on each; the others once. `npm run test:brokers` leaves none of them on one only. */
const { once, redis, postgres } = brokerSuites(process.env['WINDLASS_TEST_ALL_BROKERS'] === '1');

export default defineConfig({
  test: {
    // For all projects: one Postgres a run.
    globalSetup: ['test/support/global-setup.ts'],
    // One more than the cores of a small machine: some of what runs waits.
    maxWorkers: 3,
    sequence: { sequencer: TwoLanes },
    typecheck: { enabled: false },
    // A test that needs a second try is a bug report.
    retry: 0,
    projects: [
      { test: { ...SHARED, name: 'once', include: [...once] } },
      { test: { ...SHARED, name: 'redis', include: [...redis], provide: { broker: 'redis' } } },
      { test: { ...SHARED, name: 'postgres', include: [...postgres], provide: { broker: 'postgres' } } },
    ],
  },
});
