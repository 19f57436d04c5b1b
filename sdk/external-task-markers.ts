/** Option `externalTaskMarkers`: tasks of other DAGs that are cleared with this one. Airflow's ExternalTaskMarker, on any task. */
import type { Duration } from '#core/duration.ts';
import { AppError } from '#core/errors.ts';
import { type ExternalTaskMarker, MARKER_LIMITS } from '#core/external-task-markers.ts';
import * as read from './option-values.ts';
import { checkOptions, type OptionTable } from './unknown-option.ts';

export interface ExternalTaskMarkerOpts {
  readonly dagId: string;
  readonly taskId: string;
  /** The run there is so much later; the same `delta` as of the `externalTask` that waits there. */
  readonly delta?: Duration;
  /** From how many DAGs in a row a clear goes on to the next, 1 to 10. Default: 10. */
  readonly recursionDepth?: number;
}

const TABLE: OptionTable = { dagId: 'known', taskId: 'known', delta: 'known', recursionDepth: 'known' };

/** Throws DAG_INVALID. */
export function readExternalTaskMarkers(place: read.Place, value: unknown): readonly ExternalTaskMarker[] | null {
  const list = Array.isArray(value) ? value : [value];
  if (list.length > MARKER_LIMITS.perTask)
    throw new AppError('DAG_INVALID', `Option "${place.name}" of ${place.where} has more than ${MARKER_LIMITS.perTask} markers.`);
  const markers = list.map((one, index) => readMarker({ ...place, name: `${place.name}[${index}]` }, one));
  return markers.length === 0 ? null : markers;
}

function readMarker({ where, name }: read.Place, value: unknown): ExternalTaskMarker {
  const given = read.plainObject({ where, name }, value);
  checkOptions(`${name} of ${where}`, given, TABLE);
  const at = (field: string) => ({ where, name: `${name}.${field}` });
  const { dagId, taskId, delta, recursionDepth } = given;
  if (typeof recursionDepth === 'number' && recursionDepth > MARKER_LIMITS.recursionDepth)
    throw new AppError('DAG_INVALID', `Option "${name}.recursionDepth" of ${where} must be at most ${MARKER_LIMITS.recursionDepth}.`);
  return {
    dagId: read.key(at('dagId'), dagId),
    taskId: read.key(at('taskId'), taskId),
    ...(delta !== undefined && { deltaMs: read.durationMs(at('delta'), delta) }),
    ...(recursionDepth !== undefined && { recursionDepth: read.wholeNumber(at('recursionDepth'), recursionDepth, 1) }),
  };
}
