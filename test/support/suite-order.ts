/**
 * In which order the suites of a run begin. Two lanes: suites that mostly wait (for leases, outages, processes that die) and
 * suites that compute. Both go through the run side by side, so that the cores are busy while others wait, and in each lane the
 * longest begin first, so that none of them runs alone at the end.
 */
import { relative } from 'node:path';
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

export interface LongSuite {
  /** About how long it takes beside others on two cores; only the order comes of it. */
  readonly seconds: number;
  /** It uses less than half of a core. */
  readonly waits?: true;
}

/** Longer than most. What is not named counts as USUAL_SECONDS. */
export const LONG_SUITES: Readonly<Record<string, LongSuite>> = {
  'test/chaos/chaos.test.ts': { seconds: 240, waits: true },
  'test/broker/upgrade.test.ts': { seconds: 95, waits: true },
  'test/faults/postgres.test.ts': { seconds: 80, waits: true },
  'test/broker/redis-away.test.ts': { seconds: 77, waits: true },
  'test/broker/redis-answers.test.ts': { seconds: 65, waits: true },
  'test/standalone/standalone.test.ts': { seconds: 62, waits: true },
  'test/chaos/sabotage.test.ts': { seconds: 60, waits: true },
  'test/broker/postgres-away.test.ts': { seconds: 60, waits: true },
  'test/broker/redis-failover.test.ts': { seconds: 60, waits: true },
  'test/broker/upgrade-serving.test.ts': { seconds: 60, waits: true },
  'test/faults/leases-first.test.ts': { seconds: 50, waits: true },
  'test/probes/sabotage.test.ts': { seconds: 50, waits: true },
  'test/faults/full-disk.test.ts': { seconds: 36, waits: true },
  'test/faults/all-at-once.test.ts': { seconds: 40, waits: true },
  'test/faults/lost-commits.test.ts': { seconds: 22, waits: true },
  'test/faults/killed-in-use.test.ts': { seconds: 20, waits: true },
  'test/faults/clocks.test.ts': { seconds: 20, waits: true },
  'test/faults/any-order.test.ts': { seconds: 20, waits: true },
  'test/triggerer/killed.test.ts': { seconds: 20, waits: true },
  'test/scheduler/two-schedulers.test.ts': { seconds: 15, waits: true },
  'test/broker/start-checks.test.ts': { seconds: 13, waits: true },
  'test/providers/gcs.test.ts': { seconds: 16, waits: true },
  'test/webserver/availability.test.ts': { seconds: 11, waits: true },
  'test/probes/scheduler-matrix.test.ts': { seconds: 200 },
  'test/probes/worker-matrix.test.ts': { seconds: 150 },
  'test/probes/serving-matrix.test.ts': { seconds: 100 },
  'test/dag-processor/manager.test.ts': { seconds: 50 },
  'test/browser/hostile.test.ts': { seconds: 40 },
  'test/dag-processor/realms.test.ts': { seconds: 30 },
  'test/hell/dag-files.test.ts': { seconds: 30 },
  'test/browser/backfill.test.ts': { seconds: 28 },
  'test/cli/dags-test.test.ts': { seconds: 27 },
  'test/hell/task-bodies.test.ts': { seconds: 25 },
  'test/browser/walk.test.ts': { seconds: 24 },
  'test/e2e/mapping.test.ts': { seconds: 22 },
  'test/dag-processor/mistakes.test.ts': { seconds: 21 },
  'test/dag-processor/versions.test.ts': { seconds: 19 },
  'test/browser/pages.test.ts': { seconds: 19 },
  'test/browser/change-of-mind.test.ts': { seconds: 18 },
  'test/cli/change-of-mind.test.ts': { seconds: 17 },
  'test/browser/people.test.ts': { seconds: 17 },
  'test/browser/assets.test.ts': { seconds: 17 },
  'test/cli/backfill.test.ts': { seconds: 16 },
  'test/dag-processor/git-bundles.test.ts': { seconds: 16 },
  'test/cli/database.test.ts': { seconds: 15 },
  'test/dag-processor/plugin-host.test.ts': { seconds: 15 },
  'test/platform/migrations.test.ts': { seconds: 14 },
  'test/cli/parse-and-errors.test.ts': { seconds: 14 },
  'test/browser/admin.test.ts': { seconds: 14 },
};

const USUAL_SECONDS = 4;

const secondsOf = (suite: string): number => LONG_SUITES[suite]?.seconds ?? USUAL_SECONDS;

/** Takes from each lane in turn, so that both are through with the same share of their time at any moment. */
export function inOrder<Suite>(suites: readonly Suite[], nameOf: (suite: Suite) => string): Suite[] {
  const longestFirst = suites.toSorted((a, b) => secondsOf(nameOf(b)) - secondsOf(nameOf(a)));
  const isWaiting = (suite: Suite) => LONG_SUITES[nameOf(suite)]?.waits === true;
  const lanes = [longestFirst.filter(isWaiting), longestFirst.filter((suite) => !isWaiting(suite))].map((lane) => ({
    lane,
    total: lane.reduce((sum, suite) => sum + secondsOf(nameOf(suite)), 0),
    begun: 0,
  }));
  return suites.map(() => {
    const next = lanes.filter(({ lane }) => lane.length > 0).toSorted((a, b) => a.begun / a.total - b.begun / b.total)[0];
    const suite = next?.lane.shift() as Suite;
    if (next !== undefined) next.begun += secondsOf(nameOf(suite));
    return suite;
  });
}

export class TwoLanes extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return inOrder(await super.sort(files), (file) => relative(this.ctx.config.root, file.moduleId));
  }
}
