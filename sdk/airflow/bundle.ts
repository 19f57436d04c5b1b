/** `Bundle`: in Airflow the process that serves DAGs; here a list of them. The file itself is what is served. */
import { brandOf, DAG_SOURCE } from '../brands.ts';
import type { Dag } from './dag.ts';
import { invalid, show } from './invalid.ts';
import { serveDag } from './served.ts';
import type { TaskFunction } from './types.ts';

export type Registerable = Dag | TaskHandler;

export class Bundle {
  readonly #dags = new Map<string, Dag>();

  constructor(...items: Registerable[]) {
    this.register(...items);
  }

  /** Throws DAG_INVALID for a handler of a Python DAG, for two DAGs of one id and for anything else. */
  register(...items: Registerable[]): void {
    for (const item of items) {
      if (item instanceof TaskHandler)
        throw invalid(
          `TaskHandler "${item.dagId}.${item.taskId}" is the body of a task that a Python file declares; there is no Python here. Declare the DAG with new Dag("${item.dagId}") and the task with dag.task("${item.taskId}", handler).`,
        );
      if (brandOf(item, DAG_SOURCE) === undefined) throw invalid(`A Bundle takes Dags, not ${show(item)}.`);
      if (this.#dags.has(item.dagId)) throw invalid(`The Bundle has the DAG "${item.dagId}" already. Register it once.`);
      this.#dags.set(item.dagId, item);
      serveDag(item);
    }
  }

  /** Nothing to serve: Windlass reads the file. */
  async serve(): Promise<void> {}
}

/** The body of a task that a Python file declares. There is no Python here: registering one is an error in words. */
export class TaskHandler {
  readonly dagId: string;
  readonly taskId: string;

  constructor(dagId: string, taskId: string, _handler: TaskFunction) {
    this.dagId = dagId;
    this.taskId = taskId;
  }
}

/** Renames arguments for handlers of Python DAGs; a DAG declared here has its own names. */
export function withArgNames<A, T>(_names: Readonly<Partial<Record<keyof A, string>>>, handler: TaskFunction<A, T>): TaskFunction<A, T> {
  return handler;
}
