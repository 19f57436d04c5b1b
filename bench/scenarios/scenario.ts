/** What every scenario is given, and gives back. */
import type { ScenarioReport } from '../harness/report.ts';
import type { Servers } from '../harness/servers.ts';
import type { RawLimits } from '../raw/limits.ts';

export interface Bench {
  readonly servers: Servers;
  readonly limits: RawLimits;
  /** Smaller numbers, one run each: a check that the scenario works, not a measurement. */
  readonly quick: boolean;
  /** Counted runs, after one that is not counted. */
  readonly runs: number;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  run(bench: Bench): Promise<ScenarioReport>;
}
