/** `@apache-airflow/ts-sdk/hitl`: tasks that ask a person. */
import { makeOperator } from './operators.ts';
import type { Arguments, JsonValue, Operator } from './types.ts';

export interface HITLUser {
  readonly id: string;
  readonly name: string;
}

export type HITLText<A, T extends string | null = string> = T | ((args: A) => T | Promise<T>);

export interface HITLParam {
  readonly value: JsonValue;
  readonly description?: string;
  readonly schema?: Readonly<Record<string, JsonValue>>;
}

interface Shared<A> {
  readonly subject: HITLText<A>;
  readonly body?: HITLText<A, string | null>;
  readonly assignedUsers?: readonly HITLUser[];
  readonly params?: Readonly<Record<string, HITLParam>>;
  /** Seconds. */
  readonly responseTimeout?: number;
}

export interface HITLSpec<A extends Arguments = void> extends Shared<A> {
  readonly options: readonly string[];
  readonly defaults?: readonly string[];
  readonly multiple?: boolean;
}

export interface ApprovalSpec<A extends Arguments = void> extends Shared<A> {
  readonly defaults?: 'Approve' | 'Reject';
  readonly ignoreDownstreamTriggerRules?: boolean;
  readonly failOnReject?: boolean;
}

export interface HITLResult {
  readonly chosenOptions: string[];
  readonly paramsInput: Record<string, JsonValue>;
  readonly respondedAt: string;
  readonly respondedByUser: HITLUser | null;
  readonly timedout: boolean;
}

/** A task that asks a person to choose. */
export function hitl<A extends Arguments = void>(spec: HITLSpec<A>): Operator<A, HITLResult> {
  return makeOperator('hitl', spec);
}

/** A task that asks a person to approve or reject. */
export function approval<A extends Arguments = void>(spec: ApprovalSpec<A>): Operator<A, HITLResult> {
  return makeOperator('approval', spec);
}
