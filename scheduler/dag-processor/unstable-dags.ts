/**
 * DAGs that come out differently each time their unchanged file is imported: an id made by Math.random(), a start date
 * of new Date(). A version appears only when the code is new, or when the DAG differs from the one this code made
 * before; then the file is imported once more. Two answers that differ are a warning, and never a second version.
 */
import type { DagSpec } from '#core/dag-spec.ts';
import { changeInWords, diffSpecs } from '#core/diff-specs.ts';

export interface UnstableDag {
  readonly dagId: string;
  readonly message: string;
}

const CHANGES_SHOWN = 3;

export const NONE: ReadonlyMap<string, string> = new Map();

/** Compares two imports of one file. Returns DAG id -> what differs, in words. `second` null = there was none to compare. */
export function findUnstable(first: readonly DagSpec[], second: readonly DagSpec[] | null): ReadonlyMap<string, string> {
  if (second === null) return NONE;
  const unstable = new Map<string, string>();
  for (const spec of first) {
    const again = second.find((other) => other.dagId === spec.dagId);
    const changes = again === undefined ? null : diffSpecs(spec, again);
    if (changes?.length === 0) continue;
    const what = changes === null ? 'its id' : changes.slice(0, CHANGES_SHOWN).map(changeInWords).join('; ');
    unstable.set(
      spec.dagId,
      `Each import of the unchanged file gives another DAG: ${what}. Something random or the current time went into it. ` +
        'Use fixed ids and dates; until then no new versions are made of it.',
    );
  }
  return unstable;
}
