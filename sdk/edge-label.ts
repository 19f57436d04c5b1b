/** Words on an edge: shown on the graph, with no effect on what runs. */
import { AppError } from '#core/errors.ts';
import { brandOf, EDGE_LABEL } from './brands.ts';
import type { Node } from './ref.ts';

export interface Labelled {
  /** Null: `chain(a, label("text"), b)`, where the neighbours are the ends. */
  readonly node: unknown;
  readonly text: string;
}

/** What `label()` returns: for before, after, `after:` and chain. */
export interface EdgeLabel {
  readonly text: string;
}

const TEXT_CHARS_MAX = 250;

/**
 * Names the edge to or from a node: `a.before(label("when empty", b))`. Without a node it stands between two steps of a
 * chain: `chain(a, label("when empty"), b)`. Throws DAG_INVALID.
 */
export function label(text: string, node?: Node): EdgeLabel & Node {
  return labelled(node ?? null, text) as unknown as EdgeLabel & Node;
}

export function labelled(node: unknown, text: unknown): Labelled {
  if (typeof text !== 'string' || text.trim() === '' || text.length > TEXT_CHARS_MAX)
    throw new AppError('DAG_INVALID', `The label of an edge must be a text of 1 to ${TEXT_CHARS_MAX} characters.`);
  return Object.defineProperty({ node, text }, EDGE_LABEL, { value: true });
}

export function isLabelled(value: unknown): value is Labelled {
  return brandOf(value, EDGE_LABEL) !== undefined;
}
