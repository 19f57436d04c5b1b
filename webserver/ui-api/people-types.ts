/** What the pages of questions, callbacks and deadlines read. Instants are ISO-8601. */

export interface UiApproval {
  readonly id: string;
  readonly dagId: string;
  readonly runId: string;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly mapLabel: string | null;
  readonly tryNumber: number;
  readonly subject: string;
  readonly body: string | null;
  readonly options: readonly string[];
  readonly defaults: readonly string[];
  readonly multiple: boolean;
  readonly formSchema: Readonly<Record<string, unknown>> | null;
  readonly formDefaults: Readonly<Record<string, unknown>>;
  /** Empty = everybody whose role allows it. */
  readonly assignees: readonly string[];
  readonly askedAt: string;
  readonly timeoutAt: string | null;
  readonly status: 'open' | 'answered' | 'timed_out' | 'withdrawn';
  readonly chosen: readonly string[] | null;
  readonly form: Readonly<Record<string, unknown>> | null;
  readonly respondedBy: string | null;
  readonly respondedAt: string | null;
}

export interface UiApprovalList {
  readonly approvals: readonly UiApproval[];
  readonly total: number;
  /** Questions that wait for this user, whatever the list shows. */
  readonly openForMe: number;
}

export interface UiCallback {
  readonly id: string;
  readonly taskId: string | null;
  readonly mapIndex: number;
  readonly deadline: string | null;
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
  readonly message: string | null;
  readonly tryNumber: number;
  readonly state: 'pending' | 'running' | 'success' | 'failed';
  readonly tries: number;
  readonly triesMax: number;
  readonly nextTryAt: string | null;
  readonly worker: string | null;
  readonly error: { readonly name: string; readonly message: string } | null;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
}

export interface UiDeadline {
  readonly id: string;
  readonly dagId: string;
  readonly runId: string;
  readonly runState: string;
  readonly runEndedAt: string | null;
  readonly name: string;
  readonly dueAt: string;
  readonly status: 'open' | 'met' | 'missed';
  readonly callbacks: readonly string[];
}

export interface UiRunExtras {
  readonly callbacks: readonly UiCallback[];
  readonly callbackTotal: number;
  readonly deadlines: readonly UiDeadline[];
}

export interface UiDeadlineList {
  readonly deadlines: readonly UiDeadline[];
  readonly total: number;
}
