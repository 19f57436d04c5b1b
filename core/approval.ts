/** What a person is asked: the `details` of a waiter of the kind `answer`, and the answer that wakes the task. */

export interface ApprovalRequest {
  /** Markdown. */
  readonly body: string | null;
  readonly options: readonly string[];
  /** What counts when nobody answers in time; empty = the task fails then. */
  readonly defaults: readonly string[];
  readonly multiple: boolean;
  /** JSON Schema of the form; null = no form. */
  readonly formSchema: Readonly<Record<string, unknown>> | null;
  readonly formDefaults: Readonly<Record<string, unknown>>;
  /** Empty = everybody whose role allows it. */
  readonly assignees: readonly string[];
}

export interface ApprovalAnswer {
  readonly chosen: readonly string[];
  readonly form: Readonly<Record<string, unknown>>;
  readonly by: string | null;
  /** ISO-8601; null = the time limit, which nobody stamps. */
  readonly at: string | null;
  readonly timedOut: boolean;
}

export const APPROVAL_LIMITS = {
  options: 50,
  optionChars: 250,
  subjectChars: 500,
  bodyChars: 20_000,
  assignees: 100,
  formBytes: 64 * 1024,
} as const;

/** What is wrong with the chosen options, in words; null = nothing. */
export function checkChoice(request: Pick<ApprovalRequest, 'options' | 'multiple'>, chosen: readonly string[]): string | null {
  if (chosen.length === 0) return `Choose ${request.multiple ? 'at least one' : 'one'} of the options: ${request.options.join(', ')}.`;
  const unknown = chosen.find((option) => !request.options.includes(option));
  if (unknown !== undefined) return `There is no option ${JSON.stringify(unknown)}. The options: ${request.options.join(', ')}.`;
  if (new Set(chosen).size < chosen.length) return 'An option was chosen twice.';
  if (chosen.length > 1 && !request.multiple) return `Only one option may be chosen. The options: ${request.options.join(', ')}.`;
  return null;
}
