/** The environment of a task process: each body finds Airflow's names of its attempt in it, and none what another changed. */
import type { AttemptContext } from '#core/task-protocol.ts';

// Held from the start: a body may replace these.
const { set, deleteProperty, defineProperty } = Reflect;

export class TaskEnvironment {
  readonly #real = process.env;
  readonly #first: Readonly<Record<string, string | undefined>> = { ...process.env };
  readonly #told = new Map<string, string | null>();
  #isChanged = false;

  /** Puts something that notices changes in the place of `process.env`: to read all of it after each body costs more than many bodies. */
  constructor() {
    const noting =
      <Given extends unknown[]>(change: (real: NodeJS.ProcessEnv, ...given: Given) => boolean) =>
      (real: NodeJS.ProcessEnv, ...given: Given) => {
        this.#isChanged = true;
        return change(real, ...given);
      };
    process.env = new Proxy(this.#real, {
      set: noting((real, name: string | symbol, value: unknown) => set(real, name, value)),
      deleteProperty: noting((real, name: string | symbol) => deleteProperty(real, name)),
      defineProperty: noting((real, name: string | symbol, value: PropertyDescriptor) => defineProperty(real, name, value)),
    });
  }

  /** Airflow's names, for what the body starts. They stay until the next is told. */
  tell({ dagId, taskId, runId, logicalDate, tryNumber, mapIndex }: AttemptContext): void {
    this.#set('AIRFLOW_CTX_DAG_ID', dagId);
    this.#set('AIRFLOW_CTX_TASK_ID', taskId);
    this.#set('AIRFLOW_CTX_DAG_RUN_ID', runId);
    this.#set('AIRFLOW_CTX_TRY_NUMBER', String(tryNumber));
    this.#set('AIRFLOW_CTX_MAP_INDEX', String(mapIndex));
    this.#set('AIRFLOW_CTX_LOGICAL_DATE', logicalDate);
  }

  /** As it was at first, but for what it was told. */
  restore(): void {
    if (!this.#isChanged) return;
    for (const name of Object.keys(this.#real)) if (!Object.hasOwn(this.#first, name)) delete this.#real[name];
    for (const [name, value] of Object.entries(this.#first)) if (this.#real[name] !== value) this.#real[name] = value;
    this.#told.clear();
    this.#isChanged = false;
  }

  #set(name: string, value: string | null): void {
    if (this.#told.get(name) === value) return;
    this.#told.set(name, value);
    if (value === null) delete this.#real[name];
    else this.#real[name] = value;
  }
}
