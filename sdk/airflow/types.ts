/** The words of `@apache-airflow/ts-sdk` 1.0 that a DAG file uses: references, factories, options. */

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** Seconds where Airflow's SDK has seconds, dates where it has dates. */
export interface DagSpec {
  readonly schedule?: string;
  readonly description?: string;
  readonly startDate?: Date;
  readonly endDate?: Date;
  readonly tags?: readonly string[];
  readonly dagDisplayName?: string;
  readonly docMd?: string;
  readonly maxActiveTasks?: number;
  readonly maxActiveRuns?: number;
  readonly maxConsecutiveFailedDagRuns?: number;
  /** Seconds. */
  readonly dagrunTimeout?: number;
  readonly catchup?: boolean;
  readonly failFast?: boolean;
  readonly renderTemplateAsNativeObj?: boolean;
  readonly disableBundleVersioning?: boolean;
  readonly isPausedUponCreation?: boolean;
  /** In Airflow it leads to the Node coordinator; here every worker runs TypeScript, and it has no effect. */
  readonly queue?: string;
}

export interface TaskSpec {
  readonly taskId?: string;
  readonly owner?: string;
  readonly startDate?: Date;
  readonly endDate?: Date;
  readonly triggerRule?: string;
  readonly dependsOnPast?: boolean;
  readonly ignoreFirstDependsOnPast?: boolean;
  readonly waitForPastDependsBeforeSkipping?: boolean;
  readonly waitForDownstream?: boolean;
  readonly retries?: number;
  readonly queue?: string;
  readonly pool?: string;
  readonly poolSlots?: number;
  /** Seconds. */
  readonly executionTimeout?: number;
  /** Seconds. */
  readonly retryDelay?: number;
  /** 0 = off. */
  readonly retryExponentialBackoff?: number;
  /** Seconds. */
  readonly maxRetryDelay?: number;
  readonly priorityWeight?: number;
  readonly weightRule?: string;
  readonly executor?: string;
  readonly doXcomPush?: boolean;
  readonly returnsDagResult?: boolean;
  readonly emailOnFailure?: boolean;
  readonly emailOnRetry?: boolean;
  readonly docMd?: string;
  readonly mapIndexTemplate?: string;
  readonly maxActiveTisPerDag?: number;
  readonly maxActiveTisPerDagrun?: number;
}

export type TaskOptions = TaskSpec;

/** One object of named arguments, or none. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without arguments infers void, in Airflow's SDK and so here
export type Arguments = object | void;

declare const RESULT: unique symbol;

/** Something that can be ordered: a task or a group. */
export interface Node {
  readonly dagId: string;
  before(...downstream: readonly (Node | Label)[]): Node;
  after(...upstream: readonly (Node | Label)[]): Node;
}

/** A node with words for the edge that leads to it; only before() and after() take one. */
export interface Label {
  readonly node: Node;
  readonly text: string;
}

export interface TaskRef<T = unknown> extends Node {
  readonly taskId: string;
  readonly [RESULT]?: T;
  before(...downstream: readonly (Node | Label)[]): TaskRef<T>;
  after(...upstream: readonly (Node | Label)[]): TaskRef<T>;
}

export type TaskFunction<A = never, T = unknown> = (args: A) => T | Promise<T>;

/** What JSON can say of a type: the literals that may stand for an argument. */
type Literal<T> = T extends JsonValue
  ? T
  : T extends (...args: never[]) => unknown
    ? never
    : T extends readonly (infer E)[]
      ? readonly Literal<E>[]
      : T extends object
        ? T extends { [K in keyof T]: Literal<T[K]> }
          ? { [K in keyof T]: Literal<T[K]> }
          : never
        : never;

export type TaskInput<T> = TaskRef<T> | Literal<T>;
/** By the names of the handler's arguments. A reference of another type does not compile, unlike in Airflow's SDK. */
export type TaskInputs<A> = { [K in keyof A]: TaskInput<A[K]> };

export interface ArgList<V extends readonly unknown[] = readonly unknown[]> {
  readonly values: V;
}

// biome-ignore lint/suspicious/noConfusingVoidType: as above
export type TaskFactory<A extends Arguments = void, T = unknown> = [A] extends [void]
  ? () => TaskRef<T>
  : (inputs: TaskInputs<A> | ArgList) => TaskRef<T>;

/** What stands in place of a handler: triggerDagRun(), approval(), hitl(). */
export interface Operator<A extends Arguments = void, T = unknown> {
  readonly operator: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly [RESULT]?: { readonly args: A; readonly result: T };
}

export interface Tasks {
  task<A extends Arguments = void, T = unknown>(taskId: string, handler: TaskFunction<A, T>, options?: TaskOptions): TaskFactory<A, T>;
  task<A extends Arguments = void, T = unknown>(handler: TaskFunction<A, T>, options?: TaskOptions): TaskFactory<A, T>;
  task<A extends Arguments = void, T = unknown>(taskId: string, operator: Operator<A, T>, options?: TaskOptions): TaskFactory<A, T>;
  task<A extends Arguments = void, T = unknown>(
    operator: Operator<A, T>,
    options: TaskOptions & { readonly taskId: string },
  ): TaskFactory<A, T>;
  taskGroup(groupId: string): TaskGroupRef;
  if(condition: TaskRef<boolean>): Condition;
  switch(decider: TaskRef<TaskRef>): Branch;
}

export interface TaskGroupRef extends Node, Tasks {
  readonly groupId: string;
  before(...downstream: readonly (Node | Label)[]): TaskGroupRef;
  after(...upstream: readonly (Node | Label)[]): TaskGroupRef;
}

export interface Condition {
  then(task: TaskRef): ConditionElse;
}

export interface ConditionElse {
  else(task: TaskRef): void;
}

export interface Branch {
  case(task: TaskRef): Branch;
}
