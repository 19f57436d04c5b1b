/** What an author says about a task that asks a person, and what comes back. */
import type { Duration } from '#core/duration.ts';
import type { Callbacks } from './callback-event.ts';
import type { Resolve } from './ref.ts';
import type { StandardSchemaV1 } from './standard-schema.ts';
import type { TaskOpts } from './task-options.ts';

/** Plain text (markdown in the body; `{{ … }}` is rendered), or a function of the inputs. */
type Text<I> = string | ((input: Resolve<I>) => string);

interface AskOpts<I, F extends StandardSchemaV1> extends TaskOpts {
  subject: Text<I>;
  body?: Text<I>;
  /** Fields to fill in: any Standard Schema of an object. */
  form?: F;
  /** Names of the users who may answer; default: everybody with the role "user" or above. */
  assignees?: readonly string[];
  /** Nobody has answered by then: the fallback counts, or the task fails. Default: it waits for ever. */
  timeout?: Duration;
  /** Called when the question is put, with `event.request` and a link in `event.url`. */
  notify?: Callbacks;
}

/** Without options: "Approve" and "Reject", where "Reject" skips what follows. */
export type DefaultOptions = readonly ['Approve', 'Reject'];

export interface ApprovalOpts<I, Options extends readonly string[], F extends StandardSchemaV1> extends AskOpts<I, F> {
  options?: Options;
  /** Several may be chosen: `choices` holds them. */
  multiple?: boolean;
  /** What counts when the timeout is over. */
  fallback?: Options[number] | readonly Options[number][];
  /** Choosing one of these skips what follows. */
  rejects?: Options[number] | readonly Options[number][];
  /** A rejection fails the task instead. */
  failOnReject?: boolean;
  /** A rejection also skips what follows indirectly, whatever its trigger rule. Default false, as in Airflow. */
  ignoreDownstreamTriggerRules?: boolean;
}

export interface ApprovalBranchOpts<I, Case extends string, F extends StandardSchemaV1> extends AskOpts<I, F> {
  /** Default: the names of the cases. */
  options?: readonly string[];
  /** The case an option starts, when it has another name. */
  optionCases?: Readonly<Record<string, Case>>;
  multiple?: boolean;
  fallback?: string | readonly string[];
}

export interface EntryOpts<I, F extends StandardSchemaV1> extends AskOpts<I, F> {
  form: F;
}

export interface ApprovalResult<Choice, Form> {
  /** The first of `choices`. */
  readonly choice: Choice;
  readonly choices: readonly Choice[];
  /** As the schema made it; an empty object without a form. */
  readonly form: Form;
  /** Name of the user; null when nobody answered in time. */
  readonly by: string | null;
  readonly at: Date;
  readonly timedOut: boolean;
}
