/** Reads `allowedRunTypes`: known kinds of runs, the schedule's own among them. */
import { closest } from '#core/did-you-mean.ts';
import { AppError } from '#core/errors.ts';
import { DAG_RUN_TYPES, type DagRunType } from '#core/ids.ts';
import type { Place } from './option-values.ts';
import { texts } from './option-values.ts';
import type { ReadSchedule } from './read-schedule.ts';

/** Throws DAG_INVALID: an unknown kind, an empty list, or a schedule whose runs would be refused. */
export function readRunTypes(place: Place, value: unknown, schedule: ReadSchedule): readonly DagRunType[] {
  const wanted = texts(place, value);
  for (const type of wanted)
    if (!DAG_RUN_TYPES.some((known) => known === type)) {
      const near = closest(type, DAG_RUN_TYPES);
      throw invalid(place, `has no kind of run ${JSON.stringify(type)}.${near ? ` Did you mean "${near}"?` : ''} Use ${quoted()}`);
    }
  if (wanted.length === 0) throw invalid(place, 'allows no run at all. Leave it out to allow all');
  for (const own of ownRunTypes(schedule))
    if (!wanted.includes(own)) throw invalid(place, `must include "${own}": the schedule makes such runs`);
  return DAG_RUN_TYPES.filter((type) => wanted.includes(type));
}

/** The kinds of runs a schedule makes. */
function ownRunTypes({ spec, assets }: ReadSchedule): readonly DagRunType[] {
  return [...(spec.kind === 'none' ? [] : (['scheduled'] as const)), ...(assets === undefined ? [] : (['asset_triggered'] as const))];
}

function quoted(): string {
  return DAG_RUN_TYPES.map((type) => `"${type}"`).join(', ');
}

function invalid(place: Place, what: string): AppError {
  return new AppError('DAG_INVALID', `Option "${place.name}" of ${place.where} ${what}.`);
}
