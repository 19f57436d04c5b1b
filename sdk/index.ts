/** What a DAG file imports: `import { dag, cron } from "windlass"`. The one public barrel. */

export type { AssetColumn, ColumnSource, VersionFacts } from '#core/assets/asset-version.ts';
export type { Duration } from '#core/duration.ts';
export type { TriggerRule } from '#core/trigger-rules.ts';
export type { ApprovalBranchOpts, ApprovalOpts, ApprovalResult, EntryOpts } from './approval-types.ts';
export { type AssetDagOpts, assetDag } from './asset-dag.ts';
export {
  type Asset,
  type AssetAlias,
  type AssetExpression,
  type AssetLike,
  type AssetOptions,
  type AssetRef,
  type AssetSchedule,
  all,
  any,
  asset,
  assetAlias,
  assetOrTime,
  assetRef,
  onAssets,
} from './assets.ts';
export { type BlockOptions, dataExporter, dataLoader, type NoInputs, type SensorBlockOptions, sensor, transformer } from './blocks.ts';
export type { Builder, EventOpts } from './builder-types.ts';
export { type CalendarOptions, duringTimes, onWeekdays, type TimeWindow, type Weekday } from './calendar.ts';
export type { Callback, CallbackCtx, CallbackError, CallbackEvent, Callbacks, Notifier } from './callback-event.ts';
export type { Connection, Ctx, Progress, PullOptions, TaskLog, WaitEvent } from './context.ts';
export type { AssetEvent, EmitOptions, InletQuery } from './context-assets.ts';
export { dag } from './dag.ts';
export type { DagOpts } from './dag-options.ts';
export type { Dag } from './dag-type.ts';
export { type AverageRuntime, averageRuntime, type DeadlineOpts } from './deadline.ts';
export { defineTask, type TaskDef, type TaskDefOptions } from './define-task.ts';
export { type EdgeLabel, label } from './edge-label.ts';
export type { ExternalTaskMarkerOpts } from './external-task-markers.ts';
export type { ListRef } from './list-ref.ts';
export { concat, cross, type ElementOf, type Entry, type Listable, zip } from './lists.ts';
export { literal } from './literal.ts';
export type { GroupOpts } from './looks.ts';
export { defineNotifier, type NotifierOptions } from './notifier.ts';
export { Fatal, notYet, type Pending, RetryAfter, Skip } from './outcomes.ts';
export {
  allowedKeys,
  chainMappers,
  identity,
  type PartitionBy,
  type PartitionMapper,
  product,
  startOf,
} from './partitions.ts';
export {
  type DagRunEvent,
  definePlugin,
  type Listeners,
  type Macro,
  type Macros,
  type PlannedRun,
  type Plugin,
  type PluginOptions,
  type TaskInstanceEventInfo,
  type Timetable,
} from './plugin.ts';
export type { CalendarEvery } from './read-calendar.ts';
export type { Node, Ref, Resolve, Wire } from './ref.ts';
export type { RetryAction, RetryPolicy, RetryRule, RetryVerdict } from './retry-policy.ts';
export {
  type CronOptions,
  type CronSchedule,
  cron,
  cronPartition,
  type EventsSchedule,
  events,
  type LogicalDate,
  type Preset,
  type Schedule,
  type TickPartition,
  type TimetableSchedule,
  timetable,
} from './schedule.ts';
export type { SensorOpts, WaitOpts } from './sensor-options.ts';
export type { InferIn, InferOut, StandardSchemaV1 } from './standard-schema.ts';
export type { GateOpts, MapOpts, TaskOpts, TeardownOpts } from './task-options.ts';
export {
  type ExternalTaskOptions,
  externalTask,
  type HttpWaitOptions,
  type SqlWaitOptions,
  waitForFile,
  waitForHttp,
  waitForSql,
} from './things-to-wait-for.ts';
export type { TriggeredRun, TriggerOpts } from './trigger-options.ts';
export {
  type DeferOptions,
  type Deferred,
  defer,
  type Wait,
  waitFor,
  waitForDayOfWeek,
  waitForDelta,
  waitForTimeOfDay,
  waitUntil,
} from './waits.ts';
