/** What a build function gets. The types are the contract: wrong wiring does not compile (test/sdk/types). */
import type { Duration } from '#core/duration.ts';
import type { ApprovalBranchOpts, ApprovalOpts, ApprovalResult, DefaultOptions, EntryOpts } from './approval-types.ts';
import type { NoInputs } from './blocks.ts';
import type { Ctx } from './context.ts';
import type { Dag } from './dag-type.ts';
import type { TaskDef } from './define-task.ts';
import type { EdgeLabel } from './edge-label.ts';
import type { ListRef } from './list-ref.ts';
import type { ElementOf, Listable } from './lists.ts';
import type { GroupOpts } from './looks.ts';
import type { Pending } from './outcomes.ts';
import type { Node, Ref, Resolve, Wire } from './ref.ts';
import type { SensorOpts, WaitOpts } from './sensor-options.ts';
import type { EmptySchema, InferIn, InferOut, StandardSchemaV1 } from './standard-schema.ts';
import type { GateOpts, MapOpts, TaskOpts, TeardownOpts } from './task-options.ts';
import type { TriggeredRun, TriggerOpts } from './trigger-options.ts';
import type { Deferred, Wait } from './waits.ts';

type Inputs = Record<string, unknown>;
/** What a body comes to: one that defers is called again. */
type Result<O> = Exclude<Awaited<O>, Deferred>;
// biome-ignore lint/suspicious/noExplicitAny: any result fits; the joined type is taken from the cases
type AnyRef = Ref<any>;
type ValueOf<R> = R extends Ref<infer T> ? T : undefined;
type CasesOf<P> = Record<string, (builder: Builder<P>) => AnyRef | Node>;
/** One case, several, or none. A boolean chooses the case "true" or "false"; that there is one is checked at run time. */
type Choice<C> = keyof C | readonly (keyof C)[] | boolean | null;

/** The forms of task(). */
interface TaskForms<P, More> {
  <O>(id: string, run: (ctx: Ctx<P>) => O, options?: TaskOpts<Result<O>, Record<never, never>> & More): Ref<Result<O>>;
  <O>(id: string, definition: TaskDef<NoInputs, O>, options?: TaskOpts<O, NoInputs> & More): Ref<O>;
  <In, O>(id: string, input: Wire<In>, definition: TaskDef<In, O>, options?: TaskOpts<O, In> & More): Ref<O>;
  <const I extends Inputs, O>(
    id: string,
    input: I,
    run: (input: Resolve<I>, ctx: Ctx<P>) => O,
    options?: TaskOpts<Result<O>, Resolve<I>> & More,
  ): Ref<Result<O>>;
}

export interface EventOpts<S extends StandardSchemaV1, P> {
  /** What an event has to be; one that does not fit is passed over. */
  schema: S;
  timeout: Duration;
  /** Runs in a task process, for each event of the name that fits the schema. */
  match?: (event: InferOut<S>, ctx: Ctx<P>) => boolean | Promise<boolean>;
}

export interface Builder<P> {
  readonly params: Ref<P>;

  /** A task with no inputs. */
  task<O>(id: string, run: (ctx: Ctx<P>) => O, options?: TaskOpts<Result<O>, Record<never, never>>): Ref<Result<O>>;
  /** A reusable definition that needs nothing. */
  task<O>(id: string, definition: TaskDef<NoInputs, O>, options?: TaskOpts<O, NoInputs>): Ref<O>;
  /** A reusable definition, wired. */
  task<In, O>(id: string, input: Wire<In>, definition: TaskDef<In, O>, options?: TaskOpts<O, In>): Ref<O>;
  /** A task with inputs: references and literals, at any depth. */
  task<const I extends Inputs, O>(
    id: string,
    input: I,
    run: (input: Resolve<I>, ctx: Ctx<P>) => O,
    options?: TaskOpts<Result<O>, Resolve<I>>,
  ): Ref<Result<O>>;

  /** One instance per element of a list: a result, part of the params, one written in the file, zip, cross, concat. */
  map<L extends Listable, O>(
    id: string,
    over: L,
    run: (item: ElementOf<L>, ctx: Ctx<P>) => O,
    options?: TaskOpts<Result<O>, ElementOf<L>> & MapOpts<ElementOf<L>>,
  ): Ref<Result<O>[]>;
  /** A reusable definition, once per element. */
  map<In, O>(
    id: string,
    over: Ref<readonly In[]> | ListRef<In> | readonly In[],
    definition: TaskDef<In, O>,
    options?: TaskOpts<O, In> & MapOpts<In>,
  ): Ref<O[]>;
  /** The same with inputs that every instance shares. */
  map<L extends Listable, const I extends Inputs, O>(
    id: string,
    over: L,
    shared: I,
    run: (item: ElementOf<L>, shared: Resolve<I>, ctx: Ctx<P>) => O,
    options?: TaskOpts<Result<O>, ElementOf<L>> & MapOpts<ElementOf<L>>,
  ): Ref<Result<O>[]>;

  /** Prefixes the ids of what it builds ("group.task"), and can be ordered as one. */
  group<R>(id: string, build: (builder: Builder<P>) => R, options?: GroupOpts & { defaultArgs?: TaskOpts }): R & Node;
  /** A group that runs once per element. */
  mapGroup<L extends Listable, O>(
    id: string,
    over: L,
    build: (item: Ref<ElementOf<L>>, builder: Builder<P>) => Ref<O>,
    options?: MapOpts<ElementOf<L>> & Omit<GroupOpts, 'prefixGroupId'> & { defaultArgs?: TaskOpts },
  ): Ref<O[]>;

  /**
   * What `decide` names runs: one case, a list of cases, or null for none. The result is that of the case that ran; of
   * several, of the first one written. With the cases true and false it decides by a boolean.
   */
  branch<const I extends Inputs, C extends CasesOf<P>>(
    id: string,
    input: I,
    decide: (input: Resolve<I>, ctx: Ctx<P>) => Choice<C> | Promise<Choice<C>>,
    cases: C,
    options?: TaskOpts,
  ): Ref<{ [K in keyof C]: ValueOf<ReturnType<C[K]>> }[keyof C]>;

  /** false skips everything downstream, whatever its trigger rule; teardowns excepted. */
  gate<const I extends Inputs>(
    id: string,
    input: I,
    test: (input: Resolve<I>, ctx: Ctx<P>) => boolean | Promise<boolean>,
    options?: TaskOpts & GateOpts,
  ): Node;
  /** Skips what follows directly unless this is the newest run (`ctx.run.isLatest`); runs by hand pass. */
  latestOnly(id: string, options?: TaskOpts): Node;
  /** Does nothing: the scheduler ends it without a worker. */
  empty(id: string, options?: TaskOpts): Node;

  /** Makes what the tasks after it need, until a teardown takes it away. */
  setup: TaskForms<P, unknown>;
  /** Runs when its scope has ended and its setup succeeded, whatever the work did. Does not count for the run's state. */
  teardown: TaskForms<P, TeardownOpts>;
  /** Builds tasks between setups and teardowns: they start after the ones, and the others after them. */
  between<R>(setups: Node | readonly Node[], teardowns: Node | readonly Node[], build: (builder: Builder<P>) => R): R;

  /** A ready-made wait: a triggerer looks after it, and no worker is needed. `sensor("drop", waitForFile("in/*.csv"))`. */
  sensor<T>(id: string, wait: Wait<T>, options?: WaitOpts & Omit<TaskOpts<T>, 'templateFields'>): Ref<T>;
  /** Checked again and again until it returns something other than `notYet()`; holds no worker slot between checks. */
  sensor<O>(
    id: string,
    check: (ctx: Ctx<P>) => O,
    options?: SensorOpts & TaskOpts<Exclude<Awaited<O>, Pending | Deferred>>,
  ): Ref<Exclude<Awaited<O>, Pending | Deferred>>;
  /** A block made with `sensor({ name, check })`, that needs nothing or is wired. */
  sensor<O>(id: string, block: TaskDef<NoInputs, O>, options?: SensorOpts & TaskOpts<O>): Ref<O>;
  sensor<In, O>(id: string, input: Wire<In>, block: TaskDef<In, O>, options?: SensorOpts & TaskOpts<O, In>): Ref<O>;

  /**
   * Until an event of this name is sent (POST /api/v2/events/<name>), without a worker; one that came since the run was
   * made counts. The result is the event. Every wait for the name sees it.
   */
  waitForEvent<S extends StandardSchemaV1>(
    id: string,
    event: string,
    options: EventOpts<S, P> & Omit<WaitOpts, 'timeout'> & Omit<TaskOpts<InferOut<S>>, 'templateFields'>,
  ): Ref<InferOut<S>>;
  /** Asks a person, and holds no worker slot until somebody answers. A rejection skips what follows. */
  approval<const I extends Inputs, const Options extends readonly string[] = DefaultOptions, F extends StandardSchemaV1 = EmptySchema>(
    id: string,
    input: I,
    options: ApprovalOpts<I, Options, F>,
  ): Ref<ApprovalResult<Options[number], InferOut<F>>>;
  /** A branch that a person chooses. */
  approvalBranch<
    const I extends Inputs,
    C extends Record<string, (builder: Builder<P>) => AnyRef>,
    F extends StandardSchemaV1 = EmptySchema,
  >(
    id: string,
    input: I,
    options: ApprovalBranchOpts<I, keyof C & string, F>,
    cases: C,
  ): Ref<{ [K in keyof C]: ValueOf<ReturnType<C[K]>> }[keyof C]>;
  /** A form that a person fills in. */
  entry<const I extends Inputs, F extends StandardSchemaV1>(
    id: string,
    input: I,
    options: EntryOpts<I, F>,
  ): Ref<ApprovalResult<'OK', InferOut<F>>>;
  /** Starts a run of another DAG and waits for it, without a worker: the result is what that DAG's build function returned. */
  trigger<P2 extends StandardSchemaV1, R2>(
    id: string,
    dag: Dag<P2, R2>,
    options: TriggerOpts & { params: Wire<InferIn<P2>>; wait: true } & TaskOpts<R2>,
  ): Ref<R2>;
  /** Starts a run of another DAG. */
  trigger<P2 extends StandardSchemaV1, R2>(
    id: string,
    dag: Dag<P2, R2>,
    options: TriggerOpts & { params: Wire<InferIn<P2>>; wait?: false } & TaskOpts<TriggeredRun>,
  ): Ref<TriggeredRun>;
  /** The same by the id of the DAG; its params are checked when it is triggered. */
  trigger(id: string, dagId: string, options: TriggerOpts & { params?: Inputs; wait: true } & TaskOpts): Ref<unknown>;
  trigger(id: string, dagId: string, options?: TriggerOpts & { params?: Inputs; wait?: false } & TaskOpts): Ref<TriggeredRun>;

  /** Orders: each step starts when the one before has ended. A list is a step of several nodes. */
  chain(...steps: (Node | EdgeLabel | readonly Node[])[]): void;
}
