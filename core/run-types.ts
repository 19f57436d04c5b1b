/** Which kinds of runs a DAG allows (`allowedRunTypes`). */
import type { DagSpec } from './dag-spec.ts';
import { AppError } from './errors.ts';
import type { DagRunType } from './ids.ts';

/** Throws BAD_REQUEST with the kinds that are allowed. */
export function refuseRunType(dagId: string, spec: Pick<DagSpec, 'allowedRunTypes'>, type: DagRunType): void {
  const allowed = spec.allowedRunTypes;
  if (allowed === undefined || allowed.includes(type)) return;
  throw new AppError(
    'BAD_REQUEST',
    `Dag with dag_id: '${dagId}' does not allow ${type} runs. Its allowedRunTypes are: ${allowed.join(', ')}.`,
  );
}
