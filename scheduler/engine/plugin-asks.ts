/**
 * Timetables of plugins are asked beside the passes of the engine: one may take seconds to answer, or hang until it is ended, and
 * no other DAG waits for it. A DAG has one question open at a time.
 */
import type { EngineDeps } from './deps.ts';
import { ASK_AGAIN_MS, createDueRuns } from './due-runs.ts';
import type { DagEntry, Memory } from './memory.ts';

/** Tells whether a plugin says when the DAG's next run is due. */
export function asksPlugin(dag: DagEntry): boolean {
  return dag.index?.spec.schedule.kind === 'custom';
}

export class PluginAsks {
  readonly #deps: EngineDeps;
  readonly #memory: Memory;
  readonly #answered: (dag: DagEntry, hasRun: boolean) => void;
  readonly #open = new Set<string>();

  /** `answered`: the DAG has been asked for, and made its runs if any were due; it may have changed meanwhile. */
  constructor(deps: EngineDeps, memory: Memory, answered: (dag: DagEntry, hasRun: boolean) => void) {
    this.#deps = deps;
    this.#memory = memory;
    this.#answered = answered;
  }

  /** Returns at once. What goes wrong is tried again when the DAG's time to be asked again has come. */
  ask(dags: readonly DagEntry[], nowMs: number): void {
    for (const dag of dags) {
      const { dagId } = dag.row;
      if (this.#open.has(dagId)) continue;
      this.#open.add(dagId);
      createDueRuns(this.#deps, this.#memory, [dag], nowMs)
        .catch((error: unknown) => {
          dag.planned = false;
          dag.askAgainAtMs = nowMs + ASK_AGAIN_MS;
          this.#deps.logger.error(
            { event: 'timetable.failed', dag_id: dagId, err: error },
            'the runs of a timetable could not be made; tried again',
          );
          return [];
        })
        .then((created) => {
          this.#open.delete(dagId);
          if (created.length > 0) this.#deps.broker.ring('ui_events', { topics: ['dags', `dag:${dagId}`] });
          this.#answered(dag, created.length > 0);
        });
    }
  }
}
