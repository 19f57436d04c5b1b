/** References and groups as objects: frozen, branded, and known to the DAG that made them. */
import { isLabelled, type Labelled, labelled } from '../edge-label.ts';
import { invalid, show } from './invalid.ts';
import type { Label, Node, TaskRef } from './types.ts';

const REF = Symbol.for('windlass.airflow-ref');

/** An order-only edge; both ends are full ids of tasks or groups. */
export interface OrderEdge {
  readonly from: string;
  readonly to: string;
  readonly label: string | null;
}

export interface Known {
  readonly kind: 'task' | 'group';
  readonly id: string;
  /** The Dag object itself: two may have one id. */
  readonly owner: object;
}

/** What a reference stands for; undefined for anything else. */
export function knownOf(value: unknown): Known | undefined {
  return typeof value === 'object' && value !== null ? ((value as Record<symbol, unknown>)[REF] as Known | undefined) : undefined;
}

export function isTaskRef(value: unknown): value is TaskRef {
  return knownOf(value)?.kind === 'task';
}

interface Owner {
  readonly dagId: string;
  order(from: unknown, to: unknown, label: string | null): void;
}

/** Gives `target` before() and after(), and marks it. */
export function makeNode<T extends object>(owner: Owner, kind: Known['kind'], id: string, target: T): T & Node {
  const node = Object.assign(target, {
    dagId: owner.dagId,
    before: (...others: readonly (Node | Label)[]) => {
      for (const other of others) owner.order(node, unlabelled(other), textOf(other));
      return node;
    },
    after: (...others: readonly (Node | Label)[]) => {
      for (const other of others) owner.order(unlabelled(other), node, textOf(other));
      return node;
    },
  }) as unknown as T & Node;
  Object.defineProperty(node, REF, { value: { kind, id, owner } satisfies Known });
  return Object.freeze(node);
}

function unlabelled(other: unknown): unknown {
  return isLabelled(other) ? (other as Labelled).node : other;
}

function textOf(other: unknown): string | null {
  return isLabelled(other) ? (other as Labelled).text : null;
}

/** Words for one edge: `checked.before(label(loaded, "rows found"))`. */
export function label(node: Node, text: string): Label {
  if (knownOf(node) === undefined) throw invalid(`label(node, text) takes a task or group first, not ${show(node)}.`);
  return labelled(node, text) as unknown as Label;
}
