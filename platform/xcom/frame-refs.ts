/**
 * Frames in results: what `writeFrame` of a task returns names a file in the scratch folder of the run. With an XCom backend the file goes there
 * too, under the hash that the result holds, so that the result is a reference that any machine can follow.
 */

export interface FrameRef {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Whoever walks a result looks at so many values of it. */
const VALUES_MAX = 20_000;
const HASH = /^[0-9a-f]{64}$/;
/** Ends the name of the folder in which frames lie that were brought for a run, beside the run's own. No run id has an @. */
export const FRAMES_BESIDE = '@frames';
const PLACE = new RegExp(`/dag_id=([^/]+)/run_id=([^/@]+)(?:${FRAMES_BESIDE})?/(?:[^/]+/)*[^/]+$`);

/** The run whose scratch folder the path lies in, on whatever machine; null = it lies in none. */
export function runOfPath(path: string): { readonly dagId: string; readonly runId: string } | null {
  const [, dagId, runId] = PLACE.exec(path) ?? [];
  return dagId === undefined || runId === undefined ? null : { dagId, runId };
}

export function isFrameRef(value: unknown): value is FrameRef {
  const { path, sha256, bytes, rows } = (value ?? {}) as Partial<FrameRef & { rows: number }>;
  return (
    typeof path === 'string' &&
    typeof sha256 === 'string' &&
    HASH.test(sha256) &&
    Number.isSafeInteger(bytes) &&
    typeof rows === 'number' &&
    runOfPath(path) !== null
  );
}

/** All frames in a result. */
export function framesIn(value: unknown): readonly FrameRef[] {
  const found: FrameRef[] = [];
  walk(value, (frame) => {
    found.push(frame);
    return frame;
  });
  return found;
}

/** The same result, with other paths; the very same object when there is none. */
export function withPaths(value: unknown, pathOf: (frame: FrameRef) => string): unknown {
  return walk(value, (frame) => {
    const path = pathOf(frame);
    return path === frame.path ? frame : { ...frame, path };
  });
}

function walk(value: unknown, change: (frame: FrameRef) => FrameRef): unknown {
  let left = VALUES_MAX;
  const visit = (one: unknown): unknown => {
    if (typeof one !== 'object' || one === null || left-- <= 0) return one;
    if (isFrameRef(one)) return change(one);
    if (Array.isArray(one)) {
      const parts = one.map(visit);
      return parts.some((part, at) => part !== one[at]) ? parts : one;
    }
    const entries = Object.entries(one).map(([key, part]) => [key, visit(part)] as const);
    return entries.some(([key, part]) => part !== (one as Record<string, unknown>)[key]) ? Object.fromEntries(entries) : one;
  };
  return visit(value);
}
