/** Airflow's two texts about a timetable: the short summary and the sentence. */

import type { ScheduleSpec } from '#core/dag-spec.ts';
import { assertNever } from '#core/errors.ts';

export interface ScheduleWords {
  readonly summary: string | null;
  readonly description: string;
}

export function scheduleWords(schedule: ScheduleSpec, ownSummary: string): ScheduleWords {
  switch (schedule.kind) {
    case 'none':
      return { summary: null, description: 'Never, external triggers only' };
    case 'once':
      return { summary: '@once', description: 'Once, as soon as possible' };
    case 'continuous':
      return { summary: '@continuous', description: 'As frequently as possible, but only one run at a time.' };
    case 'cron':
      return { summary: schedule.expression, description: `Cron ${schedule.expression} in ${schedule.timezone}` };
    case 'crons':
      return { summary: schedule.expressions.join(', '), description: `Cron ${schedule.expressions.join(' or ')} in ${schedule.timezone}` };
    case 'events':
      return { summary: `${schedule.instants.length} events`, description: ownSummary };
    case 'calendar':
    case 'delta':
      return { summary: ownSummary, description: ownSummary };
    case 'custom':
      return { summary: schedule.name, description: ownSummary };
    default:
      return assertNever(schedule);
  }
}
