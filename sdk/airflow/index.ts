/** `windlass/airflow`: what a file written for `@apache-airflow/ts-sdk` imports. */
export { Bundle, type Registerable, TaskHandler, withArgNames } from './bundle.ts';
export { Dag } from './dag.ts';
export { label, label as Label } from './nodes.ts';
export { type DagRunState, type TriggerDagRunSpec, triggerDagRun } from './operators.ts';
export {
  ConnectionNotFoundError,
  type ConnectionResult,
  type GetXComOpts,
  getClient,
  getContext,
  type SetXComOpts,
  type TaskClient,
  type TaskContext,
  VariableNotFoundError,
} from './runtime.ts';
export type {
  ArgList,
  Branch,
  Condition,
  ConditionElse,
  DagSpec,
  JsonValue,
  Node,
  TaskFactory,
  TaskFunction,
  TaskGroupRef,
  TaskInput,
  TaskInputs,
  TaskOptions,
  TaskRef,
  TaskSpec,
} from './types.ts';
export { withArgList } from './wiring.ts';

/** For retention of a state store, which is not available here. */
export const NEVER_EXPIRE: number = Number.POSITIVE_INFINITY;
