/** The inputs of one call: by name, or in the order of the handler's arguments with withArgList(). */
import { invalid, isRecord, show } from './invalid.ts';
import { isTaskRef } from './nodes.ts';
import type { DagRecords, TaskRecord } from './records.ts';
import type { ArgList } from './types.ts';

const ARG_LIST = Symbol.for('windlass.airflow-arg-list');
const DEPTH_MAX = 64;
/** One name of `{ rows, region: where }`: what is before the colon is the argument. */
const ARGUMENT = /^([A-Za-z_$][\w$]*)\s*(?::\s*[A-Za-z_$][\w$]*)?$/;

/** Inputs in the order in which the handler takes its argument apart. */
export function withArgList<V extends readonly unknown[]>(...values: V): ArgList<V> {
  return Object.defineProperty({ values }, ARG_LIST, { value: true });
}

export function readInputs(records: DagRecords, task: TaskRecord, given: unknown): Readonly<Record<string, unknown>> {
  const inputs = byName(records, task, given);
  for (const [name, value] of Object.entries(inputs)) {
    if (isTaskRef(value)) records.ownId(value, `Input "${name}" of task "${task.id}"`, 'task');
    else refuseHidden(records, task, name, value, 0);
  }
  return { ...inputs };
}

function byName(records: DagRecords, task: TaskRecord, given: unknown): Readonly<Record<string, unknown>> {
  if (given === undefined) return {};
  if (typeof given === 'object' && given !== null && ARG_LIST in given)
    return byPosition(records, task, (given as unknown as ArgList).values);
  if (isRecord(given) && !isTaskRef(given)) return given;
  throw invalid(
    `Task "${task.id}" of DAG "${records.dagId}" takes one object that names its inputs, like ${task.localId}({ rows, region }), not ${show(given)}.`,
  );
}

function byPosition(records: DagRecords, task: TaskRecord, values: readonly unknown[]): Readonly<Record<string, unknown>> {
  const names = typeof task.body === 'function' ? argumentNames(task.body) : null;
  if (names === null)
    throw invalid(
      `Task "${task.id}" of DAG "${records.dagId}" cannot take a list: its handler's argument is no plain { a, b }. Name the inputs.`,
    );
  if (names.length !== values.length)
    throw invalid(`Task "${task.id}" of DAG "${records.dagId}" takes ${names.length} inputs (${names.join(', ')}), not ${values.length}.`);
  return Object.fromEntries(names.map((name, index) => [name, values[index]]));
}

function argumentNames(handler: (args: unknown) => unknown): readonly string[] | null {
  const source = Function.prototype.toString.call(handler);
  const pattern = /^[^(]*\(\s*\{([^{}]*)\}/.exec(source)?.[1];
  if (pattern === undefined) return null;
  const parts = pattern.split(',').map((part) => part.trim());
  if (parts.at(-1) === '') parts.pop();
  const names = parts.map((part) => ARGUMENT.exec(part)?.[1]);
  return names.length > 0 && names.every((name) => name !== undefined) ? (names as string[]) : null;
}

/** As in Airflow's SDK a reference is an input of its own; inside a list or object it would be none. */
function refuseHidden(records: DagRecords, task: TaskRecord, name: string, value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > DEPTH_MAX) throw invalid(`Input "${name}" of task "${task.id}" is nested too deep, or contains itself.`);
  if (isTaskRef(value))
    throw invalid(
      `Input "${name}" of task "${task.id}" of DAG "${records.dagId}" hides the reference "${value.taskId}" inside a value. Give it an argument of its own.`,
    );
  for (const inner of Array.isArray(value) ? value : Object.values(value)) refuseHidden(records, task, name, inner, depth + 1);
}
