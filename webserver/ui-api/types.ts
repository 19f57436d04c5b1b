/**
 * What the pages on 8080 read beside the stable REST API: the private API under /ui/api, shaped for one page
 * each. Server and React app share these types. Instants are ISO-8601 UTC text; durations say their unit.
 */

import type { BlockKind } from '#core/block.ts';
import type { DocSpec, TaskKind } from '#core/dag-spec.ts';
import type { PluginKind, PluginLink } from '#core/plugin-protocol.ts';
import type { DagRunState, TaskInstanceState } from '#core/states.ts';
import type { UiCheck, UiSyncOfInstance } from './data-types.ts';

export type StateCounts = Readonly<Partial<Record<TaskInstanceState, number>>>;

/** GET /ui/api/session — 401 when nobody is logged in. */
export interface UiSession {
  readonly username: string;
  readonly role: 'admin' | 'op' | 'user' | 'viewer';
  readonly version: string;
  readonly broker: 'redis' | 'postgres';
  /** The monitor listens on this port of the same host. */
  readonly monitorPort: number;
}

export interface UiRunSummary {
  readonly runId: string;
  readonly dagId: string;
  readonly state: DagRunState;
  readonly runType: string;
  readonly logicalDate: string | null;
  readonly dataIntervalStart: string | null;
  readonly dataIntervalEnd: string | null;
  readonly runAfter: string;
  readonly queuedAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly triggeredBy: string;
  readonly triggeringUser: string | null;
  readonly versionNumber: number;
  readonly note: string | null;
  /** Of the note; null for the one a run was triggered with. */
  readonly noteBy: string | null;
  readonly noteAt: string | null;
  readonly reason: string | null;
  readonly partitionKey: string | null;
}

/** GET /ui/api/home */
export interface UiHome {
  readonly health: readonly { readonly name: string; readonly status: 'healthy' | 'unhealthy' | 'absent'; readonly detail: string }[];
  readonly dags: { readonly total: number; readonly active: number; readonly paused: number; readonly importErrors: number };
  /** Over the last 24 hours. */
  readonly runs: Readonly<Record<DagRunState, number>>;
  readonly taskInstances: StateCounts;
  readonly workers: { readonly online: number; readonly slots: number; readonly running: number };
  readonly recentFailures: readonly UiRunSummary[];
}

/** GET /ui/api/dags?search=&state=&tag=&paused=&limit=&offset= */
export interface UiDagList {
  readonly dags: readonly UiDagCard[];
  readonly total: number;
  readonly tags: readonly string[];
}

export interface UiDagCard {
  readonly dagId: string;
  /** What people call it; the id when it has no other name. */
  readonly displayName: string;
  readonly description: string | null;
  readonly tags: readonly string[];
  readonly owner: string;
  readonly scheduleSummary: string;
  readonly isPaused: boolean;
  readonly hasImportErrors: boolean;
  readonly filePath: string;
  readonly nextRunAfter: string | null;
  readonly taskCount: number;
  /** Null when no run comes from assets. */
  readonly assetWait: UiAssetWait | null;
  /** Oldest first, at most 14. */
  readonly recentRuns: readonly UiRunSummary[];
}

/** GET /ui/api/plugins */
export interface UiPlugins {
  readonly plugins: readonly {
    readonly name: string;
    readonly filePath: string;
    readonly offers: readonly { readonly kind: PluginKind; readonly names: readonly string[] }[];
    readonly links: readonly PluginLink[];
    /** It does not load. */
    readonly error: string | null;
    readonly loadedAt: string;
    /** How often it failed since it was loaded. */
    readonly faults: number;
    readonly lastFault: string | null;
    readonly faultedAt: string | null;
  }[];
}

/** What a DAG that is scheduled on assets waits for. */
export interface UiAssetWait {
  /** "orders and (customers or returns)" */
  readonly words: string;
  /** Of the assets it names, those that have an event: "2 of 3". */
  readonly ready: number;
  readonly total: number;
  readonly waitingEvents: number;
  /** Every event makes a run of its own. */
  readonly isEach: boolean;
  /** Every partition key makes a run of its own. */
  readonly isPartitioned: boolean;
  readonly needs: readonly {
    readonly name: string;
    readonly isAlias: boolean;
    /** Null while none of its events waits. */
    readonly assetId: number | null;
    readonly events: number;
    readonly newestAt: string | null;
  }[];
}

export interface UiTaskName {
  readonly dagId: string;
  readonly taskId: string;
}

/** GET /ui/api/importErrors */
export interface UiImportErrors {
  readonly errors: readonly {
    readonly filePath: string;
    readonly message: string;
    readonly stack: string;
    readonly line: number | null;
    readonly column: number | null;
    readonly seenAt: string;
    readonly sourceExcerpt: readonly { readonly line: number; readonly text: string }[];
  }[];
}

export interface UiGroup {
  readonly groupId: string;
  readonly parentId: string | null;
  /** Absent: the id. */
  readonly displayName?: string;
  readonly tooltip?: string;
  readonly uiColor?: string;
  readonly uiFgcolor?: string;
}

export interface UiTaskNode {
  readonly taskId: string;
  /** Absent: the id. */
  readonly displayName?: string;
  /** Absent: the owner of the DAG. */
  readonly owner?: string;
  readonly uiColor?: string;
  readonly uiFgcolor?: string;
  /** Documentation that is no Markdown. */
  readonly docs?: readonly DocSpec[];
  /** Upstream task id -> words on the edge from it. */
  readonly edgeLabels?: Readonly<Record<string, string>>;
  readonly kind: TaskKind;
  readonly operator: string;
  /** Of a task made from a block. */
  readonly block?: BlockKind;
  /** Names of its in-line checks. Absent = none. */
  readonly checks?: readonly string[];
  readonly groupId: string | null;
  readonly isMapped: boolean;
  /** Absent for all other tasks. */
  readonly role?: 'setup' | 'teardown';
  readonly triggerRule: string;
  readonly upstream: readonly string[];
  readonly retries: number;
  readonly pool: string;
  readonly queue: string;
  readonly docMd: string | null;
}

/** A backfill that is not completed. */
export interface UiBackfill {
  readonly backfillId: number;
  readonly fromDate: string;
  readonly toDate: string;
  readonly isPaused: boolean;
  readonly maxActiveRuns: number;
  /** Runs it makes in all: the dates of its range without those that are skipped. */
  readonly runs: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
}

/** GET /ui/api/dags/{dagId} */
export interface UiDag extends UiDagCard {
  readonly docMd: string | null;
  readonly ownerLinks: Readonly<Record<string, string>>;
  readonly versionNumber: number;
  readonly versions: readonly { readonly versionNumber: number; readonly createdAt: string }[];
  /** true: every missed tick; false: the newest; 'none': none. */
  readonly catchup: boolean | 'none';
  readonly startDate: string | null;
  readonly endDate: string | null;
  readonly maxActiveRuns: number;
  readonly maxActiveTasks: number;
  readonly nextRuns: readonly string[];
  /** Its schedule has dates that a backfill can run. */
  readonly hasDates: boolean;
  readonly activeBackfill: UiBackfill | null;
  readonly paramsSchema: Readonly<Record<string, unknown>> | null;
  readonly paramsDefaults: Readonly<Record<string, unknown>>;
  readonly tasks: readonly UiTaskNode[];
  readonly groups: readonly UiGroup[];
  readonly importError: { readonly message: string; readonly line: number | null } | null;
  /** In words: GET /api/v2/dagWarnings says the same. */
  readonly warnings: readonly string[];
}

/** GET /ui/api/dags/{dagId}/grid?limit=25 — columns are runs, newest last; rows follow `UiDag.tasks`. */
export interface UiGrid {
  readonly runs: readonly UiRunSummary[];
  /** taskId -> one cell a run, in the order of `runs`; null = the run has no such task. */
  readonly cells: Readonly<Record<string, readonly (UiCell | null)[]>>;
}

export interface UiCell {
  readonly state: TaskInstanceState;
  /** Mapped tasks: instances by state. */
  readonly counts: StateCounts | null;
  readonly tryNumber: number;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  /** Why it waits or failed, in words. */
  readonly reason?: string | null;
}

/** GET /ui/api/dags/{dagId}/runs/{runId} */
export interface UiRunLink {
  readonly dagId: string;
  readonly runId: string;
  readonly state: DagRunState;
}

/** The task of another run that triggered this one. */
export interface UiTriggeringTask {
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
}

export interface UiRun extends UiRunSummary {
  readonly triggeringTask: UiTriggeringTask | null;
  readonly conf: unknown;
  readonly tasks: readonly UiTaskNode[];
  readonly groups: readonly UiGroup[];
  readonly instances: readonly UiInstance[];
}

export interface UiInstance {
  readonly taskId: string;
  readonly mapIndex: number;
  readonly mapLabel: string | null;
  readonly state: TaskInstanceState;
  /** Why it is in this state or not yet in the next, in words. */
  readonly reason: string | null;
  readonly tryNumber: number;
  readonly maxTries: number;
  readonly queuedAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly nextTryAt: string | null;
  readonly worker: string | null;
  readonly progress: { readonly done: number; readonly total: number; readonly note?: string } | null;
}

/** GET /ui/api/dags/{dagId}/runs/{runId}/tasks/{taskId}?map_index=-1 */
export interface UiTaskInstance extends UiInstance {
  readonly run: UiRunSummary;
  readonly node: UiTaskNode;
  readonly note: string | null;
  readonly noteBy: string | null;
  readonly noteAt: string | null;
  readonly pool: string;
  readonly queue: string;
  readonly priorityWeight: number;
  readonly attempts: readonly UiAttempt[];
  /** What the checks of its attempts found; of a try that was made twice, the newer one comes first. */
  readonly checks: readonly UiCheck[];
  /** Streams that its attempts synced, the newest attempt first. */
  readonly syncs: readonly UiSyncOfInstance[];
  readonly events: readonly {
    readonly event: string;
    readonly fromState: string;
    readonly toState: string;
    readonly at: string;
    readonly actor: string;
    readonly reason: string | null;
    readonly tryNumber: number;
  }[];
  /** The template fields of the newest try, as they were rendered; secrets are masked. */
  readonly renderedFields: Readonly<Record<string, string>>;
  /** `hash`: of a value that lies in the XCom backend, and so not in `value`. */
  readonly xcoms: readonly { readonly key: string; readonly bytes: number; readonly value: unknown; readonly hash: string | null }[];
  /** Blocking upstreams, limits and the like, as sentences; empty once it runs. */
  readonly waitingFor: readonly string[];
  /** Runs of other DAGs that it has triggered, the newest first. */
  readonly triggeredRuns: readonly UiRunLink[];
}

export interface UiAttempt {
  readonly tryNumber: number;
  readonly outcome: string | null;
  readonly hostname: string;
  readonly workerId: string;
  readonly pid: number | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly error: { readonly name: string; readonly message: string; readonly stack: string } | null;
}

export interface UiLogLine {
  readonly timestamp: string | null;
  readonly level: 'debug' | 'info' | 'warning' | 'error';
  /** task = ctx.log, stdout, stderr, system = Windlass itself. */
  readonly source: 'task' | 'stdout' | 'stderr' | 'system';
  readonly message: string;
  readonly fields?: Readonly<Record<string, unknown>>;
}

/**
 * GET /ui/api/dags/{dagId}/runs/{runId}/tasks/{taskId}/log?map_index=-1&try=1&offset=0 (bytes)
 * The same path with /stream is SSE: `event: lines` with this object, then `event: end` when the attempt ended.
 */
export interface UiLogPage {
  readonly lines: readonly UiLogLine[];
  readonly nextOffset: number;
  readonly ended: boolean;
}

/** GET /ui/api/dags/{dagId}/source?version= */
export interface UiSource {
  readonly filePath: string;
  readonly versionNumber: number;
  readonly source: string;
}

/**
 * GET /ui/api/stream — SSE. `event: change`, data {"topics": string[]}: "dags", "import_errors", "workers",
 * "dag:<id>", "run:<dag id>/<run id>". A page refetches what it shows when a topic of its own comes by.
 */
export interface UiChange {
  readonly topics: readonly string[];
}
