/**
 * Marks by which Windlass recognises its own objects. Every DAG version brings its own copy of the sdk, so
 * `instanceof` fails between a bundle and the process that runs it; symbols of the global registry do not.
 */
export const DAG = Symbol.for('windlass.dag');
/** On an object that becomes a DAG when asked: a function that returns the definition (`sdk/airflow/`). */
export const DAG_SOURCE = Symbol.for('windlass.dag-source');
/** On globalThis: DAGs that a file need not export, because it serves them in a Bundle. */
export const SERVED_DAGS = Symbol.for('windlass.served-dags');
/** On globalThis of a process that imports several bundles: a set of functions, to be called before the next (`sdk/per-bundle.ts`). */
export const BUNDLE_BEGINS = Symbol.for('windlass.bundle-begins');
export const PLUGIN = Symbol.for('windlass.plugin');
export const TASK_DEFINITION = Symbol.for('windlass.task-definition');
/** Holds a notifier's inner side (`sdk/notifier.ts`). */
export const NOTIFIER = Symbol.for('windlass.notifier');
/** Holds a node's or reference's inner side (`sdk/ref.ts`). */
export const NODE = Symbol.for('windlass.node');
/** Holds the inner side of a list made by zip, cross, concat or map (`sdk/lists.ts`). */
export const LIST = Symbol.for('windlass.list');
/** On words for an edge (`sdk/edge-label.ts`). */
export const EDGE_LABEL = Symbol.for('windlass.edge-label');
/** On a text that is no template, whatever it looks like (`sdk/literal.ts`). */
export const LITERAL = Symbol.for('windlass.literal');
/** On what a body throws or returns to say how it ended: "skip", "fatal", "retry_after", "pending", "defer". */
export const OUTCOME = Symbol.for('windlass.outcome');

/** On what a triggerer can wait for (`sdk/waits.ts`). */
export const WAIT = Symbol.for('windlass.wait');

/** Reads a mark; anything (null, a hostile Proxy) may be asked. Returns undefined when there is none. */
export function brandOf(value: unknown, brand: symbol): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return undefined;
  try {
    return (value as Record<symbol, unknown>)[brand];
  } catch {
    return undefined;
  }
}
