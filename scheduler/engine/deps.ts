/** What every step of the engine works with. */
import type { NextRun } from '#core/timetable/timetable.ts';
import type { Broker } from '#platform/broker/broker.ts';
import type { Clock } from '#platform/clock.ts';
import type { Config } from '#platform/config/config.ts';
import type { Database } from '#platform/db/client.ts';
import type { Logger } from '#platform/logger.ts';

/** Timetables that plugins define; they run in a caged host, so they may be slow or fail. */
export interface CustomTimetables {
  nextRun(question: {
    readonly name: string;
    readonly args: unknown;
    readonly lastLogicalDateMs: number | null;
    readonly nowMs: number;
    readonly startDateMs: number | null;
    readonly endDateMs: number | null;
    readonly catchup: boolean;
  }): Promise<NextRun | null>;
}

export interface EngineDeps {
  readonly schedulerId: string;
  readonly config: Config;
  readonly db: Database;
  readonly broker: Broker;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly timetables: CustomTimetables;
}
